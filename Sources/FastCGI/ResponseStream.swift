import Concurrency

/// The bytes of one response on their way to the web server. One task at a time writes.
package final class ResponseStream: Sendable {
    private let request: FCGXRequest
    private let connection: Connection
    private let listener: Listener
    private let state = Mutex(State())

    private struct State {
        /// The most bytes that libfcgi may hold and has not sent.
        var heldCount = 0
        /// True once bytes went to the socket, so that it may be full.
        var hasSent = false
        var isClosed = false
    }

    /// Of this size is libfcgi's buffer (fcgiapp.c, `FCGX_Accept_r`). So many bytes fit at once into a socket that takes anything: a Unix
    /// socket takes more from a quarter of its buffer on (net/unix/af_unix.c, unix_writable), a TCP socket from a third.
    private static let bufferLength = 8 << 10

    init(request: FCGXRequest, connection: Connection, listener: Listener) {
        (self.request, self.connection, self.listener) = (request, connection, listener)
    }

    /// Sends bytes of the response. While the web server takes nothing it waits without holding a thread, each time for at most
    /// `Listener.Limits.stallTimeout`.
    ///
    /// - Parameter isLast: true if the response ends with these bytes. What fits the buffer is then sent by `Exchange.finish()`, together
    ///   with the end of the request.
    /// - Throws: `connection` if the web server has left or stalls, or the task is cancelled while it waits.
    package func write(_ bytes: [UInt8], isLast: Bool) async throws(FastCGIError) {
        var state = state.withLock(\.self)
        guard !state.isClosed else { throw FastCGIError(.connection, "The response has ended") }
        for start in stride(from: 0, to: bytes.count, by: Self.bufferLength) {
            let chunk = bytes[start..<min(bytes.count, start + Self.bufferLength)]
            // Room for the head and the padding of a record.
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
        self.state.withLock { [heldCount = state.heldCount, hasSent = state.hasSent] in ($0.heldCount, $0.hasSent) = (heldCount, hasSent) }
    }

    /// Takes no more bytes from now on.
    func close() { state.withLock { $0.isClosed = true } }

    private func waitUntilWritable(_ state: inout State) async throws(FastCGIError) {
        // Nothing of this response is in the socket, and the web server has read what was before it.
        defer { state.hasSent = true }
        guard state.hasSent else { return }
        let deadline = ContinuousClock.now + listener.limits.stallTimeout
        while !connection.isWritable {
            guard ContinuousClock.now < deadline, !Task.isCancelled, await listener.waitUntilWritable(connection, until: deadline) else {
                // What is buffered is given up, too: libfcgi would wait for the peer with it, on a worker.
                connection.shutDown()
                throw FastCGIError(.connection, "The web server does not take the response")
            }
        }
    }
}
