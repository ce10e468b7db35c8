import CGI
import JSON
import Server
import Sessions
import Text

/// `POST /v1/doctor/{token}/peer/{action}`: does what the doctor of another host asks for, and tells what this host sees of the doctor's
/// files then. `lock` holds a lock for a moment, and tells in the end.
///
/// Not GET, so that no cache answers.
struct ActAsPeer: ProbeEndpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/doctor/{token}/peer/{action}"

    /// How long a lock is held: longer than the doctor needs to look at it.
    private static let moment = Duration.seconds(2)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let probe = service.sessions.peerProbe(token: context.parameter("token")) else { throw APIError.notFound }
        let name = context.parameter("action")
        let answer: JSONValue
        do {
            if name == "lock" {
                let isHeld: Void? = try await probe.withLock { try await Task.sleep(for: Self.moment) }
                answer = ["object": "doctor.lock", "held": .bool(isHeld != nil)]
            } else if let action = PeerProbe.Action.allCases.first(where: { $0.rawValue == name }) {
                answer = try probe.perform(action).json
            } else {
                throw APIError.notFound
            }
        } catch let error as SessionError {
            // To whoever has the token this is no secret: the file is theirs.
            answer = ["object": "doctor.error", "message": .string(error.description)]
        }
        try await writer.send(.json(answer))
    }
}
