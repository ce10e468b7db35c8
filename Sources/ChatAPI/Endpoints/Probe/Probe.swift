import CGI
import Concurrency
import Crypto
import Glibc
import JSON
import Server
import Sessions

// What `nanobot doctor` asks of a responder, through the web server. Without its token there is nothing at these paths. The token is in the
// path because headers and the query may be what does not arrive.

/// `GET /v1/doctor/{token}`: what of the request arrived, and from where.
struct DescribeRequest: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/doctor/{token}"
    let answersWhileExposed = true

    func isVisible(to context: RequestContext) -> Bool { service.hasProbeToken(context) }

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let request = context.request
        // Values of headers are not shown: the doctor knows the digests of those that it sent.
        func digest(_ header: String) -> JSONValue {
            // An empty one is what a web server makes of a header that it keeps back.
            .optional(request.header(header).flatMap { $0.isEmpty ? nil : SHA256.hexadecimal(of: $0.utf8) })
        }
        try await writer.send(
            .json([
                "object": "doctor.request", "session_key": digest("x-session-key"), "authorization": digest("authorization"),
                "query": .optional(request.query("question")), "web_server": .optional(request.webServer),
                "document_root": .optional(request.documentRoot), "user": .integer(Int(geteuid())),
                "streams": .bool(service.settings.streams),
            ]))
    }
}

/// `GET /v1/doctor/{token}/stream`: a response of three chunks, each of which waits for the one before it to be acknowledged.
struct StreamChunks: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/doctor/{token}/stream"
    let answersWhileExposed = true

    func isVisible(to context: RequestContext) -> Bool { service.hasProbeToken(context) }

    /// How long an acknowledgement may take. A web server that collects chunks keeps the doctor waiting for so long.
    private static let patience = Duration.seconds(10)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let token = context.parameter("token")
        writer.begin(status: 200, headers: EventStream.headers)
        for chunk in 1...3 {
            let isInTime = try await isAcknowledged(chunk - 1, token)
            try await writer.write(EventStream.data(Array((isInTime ? "\(chunk)" : "late").utf8)), isLast: !isInTime || chunk == 3)
            if !isInTime { return }
        }
    }

    private func isAcknowledged(_ chunk: Int, _ token: String) async throws -> Bool {
        let deadline = ContinuousClock.now + Self.patience
        while (service.sessions.probeAcknowledgements(token: token) ?? 0) < chunk {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }
}

/// `GET /v1/doctor/{token}/wait/{seconds}`: an answer that takes so long.
struct WaitBeforeAnswer: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/doctor/{token}/wait/{seconds}"
    let answersWhileExposed = true

    func isVisible(to context: RequestContext) -> Bool { service.hasProbeToken(context) }

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let seconds = Int(context.parameter("seconds")), 1...600 ~= seconds else { throw APIError.notFound }
        try await Task.sleep(for: .seconds(seconds))
        try await writer.send(.json(["object": "doctor.wait", "seconds": .integer(seconds)]))
    }
}

extension ChatService {
    /// True if a doctor of this data directory has the token in the path.
    fileprivate func hasProbeToken(_ context: RequestContext) -> Bool {
        sessions.probeAcknowledgements(token: context.parameter("token")) != nil
    }
}
