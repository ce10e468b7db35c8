import CGI
import Concurrency
import JSON
import Server

/// How the endpoints respond that wait for a model.
extension RequestContext {
    /// Adds a header to a response that has not begun.
    typealias AddHeader = @Sendable (_ name: String, _ value: String) -> Void

    /// Responds with one JSON object, after white space if the work takes long.
    func answer(
        _ writer: ResponseWriter, _ settings: ChatService.Settings,
        _ work: @escaping @Sendable (@escaping AddHeader) async throws -> JSONValue
    ) async throws {
        guard let patience = settings.heartbeatAfter else {
            let headers = Mutex<[(name: String, value: String)]>([])
            let value = try await work { name, value in headers.withLock { $0.append((name, value)) } }
            return try await writer.send(.json(value, headers: headers.withLock(\.self)))
        }
        // White space may stand before a JSON text (RFC 8259, section 2).
        let keepAlive = KeepAlive(bytes: Array(" ".utf8), patience: patience, interval: settings.keepAliveInterval)
        try await stream(
            to: writer, headers: [("Content-Type", "application/json"), ("X-Accel-Buffering", "no")], keepAlive: keepAlive,
            lateError: { report($0).body.serialized }, work: { .json(try await work($0.addHeader)) })
    }

    /// Responds with server-sent events.
    ///
    /// - Parameters:
    ///   - lateError: the last events if the work fails after the first one.
    ///   - events: sends events, and returns the last ones.
    func answer(
        _ writer: ResponseWriter, _ settings: ChatService.Settings, lateError: (APIError) -> [UInt8],
        events: @escaping @Sendable (ChunkBuffer) async throws -> [UInt8]
    ) async throws {
        let interval = settings.keepAliveInterval
        let keepAlive = KeepAlive(bytes: EventStream.comment("keep-alive"), patience: interval, interval: interval)
        try await stream(
            to: writer, headers: EventStream.headers, keepAlive: keepAlive, lateError: { lateError(report($0)) },
            work: { Response(status: 200, headers: EventStream.headers, body: try await events($0)) })
    }
}
