import CCurl
import Concurrency
import Glibc

/// Makes any number of HTTP requests at once, on one thread of its own, which starts with the first request.
///
/// Connections are kept and shared (HTTP/2 over TLS if the server offers it). TLS is verified with the host's CA store. Proxies come from
/// `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`; libcurl never reads `HTTP_PROXY`, which a CGI client could set.
package final class TransferEngine: Sendable {
    private let state = Mutex(State())

    private struct State {
        var loop: TransferLoop?
        var isStopped = false
    }

    /// Loads and starts nothing yet.
    package init() {}

    deinit { state.withLock { $0.loop?.stop() } }

    /// Makes a request and waits, without holding a thread, until the whole response has arrived.
    ///
    /// Cancelling the task closes the connection (over HTTP/2, the stream).
    ///
    /// - Parameter onBody: gets the status and each chunk of the body, decompressed. It runs in the calling task, which lets others run
    ///   between chunks. A server that sends faster has to wait. It returns how much longer the response may take, after which it counts as
    ///   complete and the connection is closed; nil if only the request's limit holds.
    package func perform(
        _ request: HTTPRequest, onBody: (Int, UnsafeRawBufferPointer) -> Duration?
    ) async throws(TransferError) -> HTTPResponseHead {
        let loop = try startedLoop()
        let (ticket, buffer) = (TransferLoop.Ticket(), ResponseBuffer())
        var status = 0
        var end: Task<Void, Never>?
        await withTaskCancellationHandler {
            loop.begin(Transfer(request, buffer), ticket)
            while let chunk = await buffer.next() {
                if chunk.isResuming { loop.resume(ticket) }
                status = chunk.status
                let patience = chunk.bytes.withUnsafeBytes { onBody(chunk.status, $0) }
                end?.cancel()
                end = patience.map { patience in
                    Task {
                        try? await Task.sleep(for: max(.zero, patience))
                        if !Task.isCancelled { loop.cancel(ticket) }
                    }
                }
                if !buffer.isEmpty { await Task.yield() }
            }
        } onCancel: {
            loop.cancel(ticket)
        }
        end?.cancel()
        guard let result = buffer.result else { throw TransferError(.broken, "The response did not end") }
        if end != nil, case .failure(let error) = result, error.code == .cancelled, !Task.isCancelled {
            return HTTPResponseHead(status: status)
        }
        return try result.get()
    }

    /// Ends every transfer and the thread, and waits for that, so that no code of libcurl runs while the process exits.
    package func stop() {
        let loop = state.withLock { state in
            state.isStopped = true
            return state.loop
        }
        loop?.stop()
        loop?.waitForEnd()
    }

    private func startedLoop() throws(TransferError) -> TransferLoop {
        if let loop = state.withLock(\.loop) { return loop }
        try CurlLibrary.load()
        return try state.withLock { state throws(TransferError) in
            if state.isStopped { throw TransferError(.cancelled, "The program stops") }
            if let loop = state.loop { return loop }
            let loop = try TransferLoop()
            state.loop = loop
            return loop
        }
    }
}
