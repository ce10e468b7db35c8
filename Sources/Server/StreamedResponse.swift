package import CGI
import Concurrency

/// What is sent while nothing else is, so that nobody on the way takes the connection for dead.
package struct KeepAlive: Sendable {
    package var bytes: [UInt8]
    /// How long nothing is sent before the first one. It begins the response, so from then on an error has no status of its own: proxies
    /// give up after 40 to 60 s, and an error that does not arrive says less than one inside a response.
    package var patience: Duration
    /// How long nothing is sent before each further one.
    package var interval: Duration

    package init(bytes: [UInt8], patience: Duration, interval: Duration) {
        (self.bytes, self.patience, self.interval) = (bytes, patience, interval)
    }
}

extension RequestContext {
    /// Answers with a response that begins while its work still goes on. Work, keep-alive and writing are one task group. The work never
    /// waits for the client: what a slow one has not taken yet waits in memory, and that is no longer than its answer.
    ///
    /// The response begins with the first chunk. If the work ends before that, its own response is sent, or its error thrown. The work is
    /// cancelled with this task, and if the client has left and the operator wants that; otherwise it goes on, and is waited for.
    ///
    /// - Parameters:
    ///   - headers: of a response that comes in chunks; its status is 200.
    ///   - lateError: the last chunk if the work fails after the response has begun.
    ///   - work: gets a way to send chunks; the body of the response that it returns is the last one.
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
            // The keep-alive sleeps when all is done, and the work goes on if the client has left.
            defer { group.cancelAll() }
            do {
                while let chunk = await buffer.next() {
                    writer.begin(status: 200, headers: headers)
                    try await writer.write(chunk)
                }
            } catch {
                guard options.onDisconnect == .finish, !Task.isCancelled else { throw error }
                await buffer.waitForEnd()
                // The operator is told of it; nobody else is there.
                if case .failure(let failure) = buffer.result { _ = lateError(failure) }
                throw error
            }
            switch buffer.result {
            case .success(let response):
                if writer.status == nil { try await writer.send(response) } else { try await writer.write(response.body, isLast: true) }
            case .failure(let error):
                guard writer.status != nil else { throw error }
                try await writer.write(lateError(error), isLast: true)
            }
        }
    }
}
