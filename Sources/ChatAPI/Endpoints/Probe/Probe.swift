import CGI
import Concurrency
import Crypto
import Glibc
import JSON
import Server
import Sessions

// What `nanobot doctor` asks of a responder, through the web server. Without the doctor's token these paths are 404. The token is in the
// path because the web server may drop headers and the query.

/// `GET /v1/doctor/{token}`: which parts of the request arrived, and through which web server.
struct DescribeRequest: ProbeEndpoint {
    let service: ChatService
    let path = "/v1/doctor/{token}"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let request = context.request
        // Digests instead of values: the doctor knows the digests of the headers that it sent.
        func digest(_ header: String) -> JSONValue {
            // A web server that drops a header may pass it on empty.
            .optional(request.header(header).flatMap { $0.isEmpty ? nil : SHA256.hexadecimal(of: $0.utf8) })
        }
        try await writer.send(
            .json([
                "object": "doctor.request", "session_key": digest("x-session-key"), "authorization": digest("authorization"),
                "query": .optional(request.query("question")), "web_server": .optional(request.webServer),
                "document_root": .optional(request.documentRoot), "context_document_root": .optional(request.contextDocumentRoot),
                "user": .integer(Int(geteuid())),
                "streams": .bool(service.settings.streams),
            ]))
    }
}

/// `POST /v1/doctor/{token}`: how many bytes of the body arrived.
struct MeasureBody: ProbeEndpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/doctor/{token}"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        try await writer.send(.json(["object": "doctor.body", "bytes": .integer(try context.body().count)]))
    }
}

/// `GET /v1/doctor/{token}/stream`: a response of three chunks. Each waits until the one before is acknowledged.
struct StreamChunks: ProbeEndpoint {
    let service: ChatService
    let path = "/v1/doctor/{token}/stream"

    /// How long an acknowledgement may take. A web server that buffers chunks makes the doctor wait this long.
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

/// `GET /v1/doctor/{token}/wait/{seconds}`: a response after that many seconds.
struct WaitBeforeAnswer: ProbeEndpoint {
    let service: ChatService
    let path = "/v1/doctor/{token}/wait/{seconds}"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let seconds = Int(context.parameter("seconds")), 1...600 ~= seconds else { throw APIError.notFound }
        try await Task.sleep(for: .seconds(seconds))
        try await writer.send(.json(["object": "doctor.wait", "seconds": .integer(seconds)]))
    }
}

/// An endpoint that is there only for the doctor of this data directory, which has the token in the path.
protocol ProbeEndpoint: Endpoint {
    var service: ChatService { get }
}

extension ProbeEndpoint {
    var method: String { "GET" }
    var answersWhileExposed: Bool { true }
    /// The token is what lets the doctor in.
    var admission: Admission { .everybody }

    func isVisible(to context: RequestContext) -> Bool {
        service.sessions.probeAcknowledgements(token: context.parameter("token")) != nil
    }
}
