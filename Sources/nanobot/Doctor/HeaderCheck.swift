import Chat
import Crypto

/// Headers and a query that are sent to be looked at where they arrive.
struct HeaderCheck {
    let question = Identifier.make(prefix: "")
    private let sessionKey = Identifier.make(prefix: "doctor:")
    private let authorization = "Bearer " + Identifier.make(prefix: "")

    /// As they are sent.
    var lines: [String] { ["x-session-key: \(sessionKey)", "Authorization: \(authorization)"] }

    func findings(_ arrival: Arrival, _ brands: [WebServerBrand]) -> [Diagnostic] {
        [
            finding(
                "session header", "x-session-key", arrival.sessionKey, sessionKey, "no turn can be stored: each is refused with status 400",
                Fix.header("X-Session-Key").lines(brands)),
            finding(
                "authorization", "Authorization", arrival.authorization, authorization,
                "API keys that clients send in it cannot be checked",
                Fix.header("Authorization").lines(brands)),
            arrival.query == question
                ? .ok("query: it arrives")
                : .problem(
                    "query: what follows the question mark does not arrive: ?limit= and the like do nothing", Fix.query.lines(brands)),
        ]
    }

    private func finding(
        _ name: String, _ header: String, _ digest: String?, _ value: String, _ consequence: String, _ remedy: [String]
    ) -> Diagnostic {
        if digest == SHA256.hexadecimal(of: value.utf8) { return .ok("\(name): \(header) arrives") }
        let fate = digest == nil ? "does not arrive" : "arrives changed"
        return .problem("\(name): \(header) \(fate); \(consequence)", remedy)
    }
}
