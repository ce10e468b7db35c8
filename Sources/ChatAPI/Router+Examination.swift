package import CGI
import Chat
import Concurrency
import Crypto
import Glibc
import JSON
import Sessions

/// What `nanobot doctor` learns. Without its token there is nothing at these paths.
extension Router {
    /// Whether a request is a doctor's question, perhaps one without a valid token.
    package static func isExamination(_ request: Request) -> Bool {
        if case .examination = Route(path: request.path) { true } else { false }
    }

    /// Whether there is something at a route for whoever has its token.
    func isKnown(_ route: Route) -> Bool {
        guard case .examination(_, let token) = route else { return true }
        return sessions.doctorAcknowledgements(token: token) != nil
    }

    func examine(_ request: Request, _ examination: Probe, _ token: String) async throws -> Response {
        switch examination {
        case .request: return Self.json(arrivals(request))
        case .stream: return Response(status: 200, headers: EventStream.headers, body: .stream(acknowledgedPieces(token)))
        case .wait(let seconds):
            try await Task.sleep(for: .seconds(seconds))
            return Self.json(["object": "doctor.wait", "seconds": .integer(seconds)])
        }
    }

    /// What of the request arrived, and from where. Values of headers are not shown: the doctor knows the digests of those that it sent.
    private func arrivals(_ request: Request) -> JSONValue {
        func digest(_ header: String) -> JSONValue {
            // An empty one is what a web server makes of a header that it keeps back.
            .optional(request.header(header).flatMap { $0.isEmpty ? nil : SHA256.hexadecimal(of: $0.utf8) })
        }
        return [
            "object": "doctor.request", "session_key": digest("x-session-key"), "authorization": digest("authorization"),
            "query": .optional(request.query("question")), "web_server": .optional(request.webServer),
            "document_root": .optional(request.documentRoot), "user": .integer(Int(geteuid())), "streams": .bool(settings.streams),
        ]
    }

    /// How long an acknowledgement may take. A web server that collects pieces keeps the doctor waiting for so long.
    private static let patience = Duration.seconds(10)

    /// `1`, `2` and `3`, each as soon as the one before it is acknowledged; `late` and the end instead, where that takes too long.
    private func acknowledgedPieces(_ token: String) -> AsyncStream<[UInt8]> {
        let position = Mutex(0)
        return AsyncStream(unfolding: {
            let piece = position.withLock { position in
                position += 1
                return position
            }
            guard piece <= 3 else { return nil }
            let deadline = ContinuousClock.now + Self.patience
            while (sessions.doctorAcknowledgements(token: token) ?? 0) < piece - 1 {
                guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(5))) != nil else {
                    position.withLock { $0 = 3 }
                    return EventStream.data(Array("late".utf8))
                }
            }
            return EventStream.data(Array(String(piece).utf8))
        })
    }
}
