import Concurrency

/// Sends one response to the web server. One task at a time writes, and none when `Exchange.finish()` is called: otherwise the process stops,
/// since libfcgi's request would be used while another task uses or frees it.
package final class ResponseStream: Sendable {
    private let request: FCGXRequest
    private let connection: Connection
    private let listener: Listener
    private let state = Mutex(State())

    private struct State {
        /// The most bytes that libfcgi may hold unsent.
        var heldCount = 0
        /// True once bytes have gone to the socket, so that it may be full.
        var hasSent = false
        var isClosed = false
        var isWriting = false
    }

    /// The size of libfcgi's buffer (fcgiapp.c, `FCGX_Accept_r`). A writable socket always has room for that many bytes: a Unix socket
    /// is writable once a quarter of its buffer is free (net/unix/af_unix.c, unix_writable), a TCP socket once a third is.
    private static let bufferLength = 8 << 10

    init(request: FCGXRequest, connection: Connection, listener: Listener) {
        (self.request, self.connection, self.listener) = (request, connection, listener)
    }

    /// Sends bytes of the response. While the web server takes nothing, waits without holding a thread, each time for at most
    /// `Listener.Limits.stallTimeout`.
    ///
    /// - Parameter isLast: true if the response ends with these bytes. `Exchange.finish()` then sends whatever is still buffered, together
    ///   with the end of the request.
    /// - Throws: `connection` if the web server has left or stalls, or if the task is cancelled while it waits.
    package func write(_ bytes: [UInt8], isLast: Bool) async throws(FastCGIError) {
        var state = try begin()
        defer { end(state) }
        for start in stride(from: 0, to: bytes.count, by: Self.bufferLength) {
            let chunk = bytes[start..<min(bytes.count, start + Self.bufferLength)]
            // A record's header and padding need room, too.
            let isSent = state.heldCount + chunk.count > Self.bufferLength - 16
            if isSent { try await waitUntilWritable(&state) }
            try request.write(chunk.count == bytes.count ? bytes : Array(chunk))
            state.heldCount = isSent ? chunk.count : state.heldCount + chunk.count
        }
        if !isLast {
            try await waitUntilWritable(&state)
            try request.flush()
            state.heldCount = 0
        } else if state.hasSent {
            try await waitUntilWritable(&state)
        }
    }

    /// True if the web server has left or has aborted the request. Call it before `Exchange.finish()`.
    package var isAbandoned: Bool { connection.state.withLock { $0.phase == .serving && connection.isAbandoned } }

    /// True while a task writes.
    var isWriting: Bool { state.withLock { $0.isWriting } }

    /// Makes every later `write` fail.
    func close() {
        state.withLock { state in
            precondition(!state.isWriting, "an Exchange was finished while its response was being written")
            state.isClosed = true
        }
    }

    private func begin() throws(FastCGIError) -> State {
        try state.withLock { state throws(FastCGIError) in
            guard !state.isClosed else { throw FastCGIError(.connection, "The response has ended") }
            precondition(!state.isWriting, "two tasks write one response")
            state.isWriting = true
            return state
        }
    }

    private func end(_ written: State) {
        state.withLock { state in
            state = written
            state.isWriting = false
        }
    }

    private func waitUntilWritable(_ state: inout State) async throws(FastCGIError) {
        // The first write need not wait: the socket is empty, since the web server has read every earlier response.
        defer { state.hasSent = true }
        guard state.hasSent else { return }
        let deadline = ContinuousClock.now + listener.limits.stallTimeout
        while !connection.isWritable {
            guard ContinuousClock.now < deadline, !Task.isCancelled, await listener.waitUntilWritable(connection, until: deadline) else {
                // Give up the buffered bytes, too: libfcgi would block a worker until the peer took them.
                connection.shutDown()
                throw FastCGIError(.connection, "The web server does not take the response")
            }
        }
    }
}
