package import CGI
import Concurrency

/// Bytes that are sent during silence, so that no proxy takes the connection for dead.
package struct KeepAlive: Sendable {
    package var bytes: [UInt8]
    /// The silence before the first keep-alive. It begins the response, so a later error has no status of its own. But proxies give up
    /// after 40 to 60 s, and an error that never arrives says less than one inside a response.
    package var patience: Duration
    /// The silence before each further keep-alive.
    package var interval: Duration

    package init(bytes: [UInt8], patience: Duration, interval: Duration) {
        (self.bytes, self.patience, self.interval) = (bytes, patience, interval)
    }
}

extension RequestContext {
    /// Sends a response that begins while its work is still running. Work, keep-alive and writing are one task group. The work never
    /// waits for the client: the bytes that a slow client has not taken wait in memory, at most the length of its response.
    ///
    /// The response begins with the first chunk. If the work ends before that, its own response is sent, or its error thrown. The work is
    /// cancelled with this task, or if the client leaves and the policy is `cancel`; otherwise it runs to its end, and this waits for it.
    ///
    /// - Parameters:
    ///   - headers: the headers of the streamed response; its status is 200.
    ///   - lateError: the last chunk if the work fails after the response has begun.
    ///   - work: sends chunks to the buffer that it gets. The body of the response that it returns is the last chunk.
    package func stream(
        to writer: ResponseWriter, headers: [(name: String, value: String)], keepAlive: KeepAlive?,
        lateError: (any Error) -> [UInt8], work: @escaping @Sendable (ChunkBuffer) async throws -> Response
    ) async throws {
        let buffer = ChunkBuffer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    buffer.end(.success(try await work(buffer)))
                } catch {
                    buffer.end(.failure(error))
                }
            }
            if let keepAlive { group.addTask { await buffer.fill(with: keepAlive) } }
            // At the end the keep-alive still sleeps, and the work still runs if the client has left.
            defer { group.cancelAll() }
            do {
                while let chunk = await buffer.next() {
                    if writer.status == nil { writer.begin(status: 200, headers: headers + buffer.headers) }
                    try await writer.write(chunk)
                }
            } catch {
                guard options.onDisconnect == .finish, !Task.isCancelled else { throw error }
                await buffer.waitForEnd()
                // The client is gone, but `lateError` logs the failure.
                if case .failure(let failure) = buffer.result { _ = lateError(failure) }
                throw error
            }
            switch buffer.result {
            case .success(let response):
                if writer.status == nil {
                    var response = response
                    response.headers += buffer.headers
                    try await writer.send(response)
                } else {
                    try await writer.write(response.body, isLast: true)
                }
            case .failure(let error):
                guard writer.status != nil else { throw error }
                try await writer.write(lateError(error), isLast: true)
            }
        }
    }
}
