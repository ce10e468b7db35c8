import Chat
import Crypto
import Text

/// Sends headers and a query, and checks that they arrive unchanged.
struct HeaderCheck {
    let question = Identifier.make(prefix: "")
    let sessionKey = Identifier.make(prefix: "doctor:")
    let authorization = "Bearer " + Identifier.make(prefix: "")

    /// The headers as they are sent.
    var lines: [String] { ["x-session-key: \(sessionKey)", "Authorization: \(authorization)"] }

    func diagnostics(_ probe: ProbeReport, _ brands: [WebServerBrand]) -> [Diagnostic] {
        [
            diagnostic(
                "session header", "x-session-key", digest: probe.sessionKey, sent: sessionKey,
                consequence: "no turn can be stored: each is refused with status 400", Fix.header("X-Session-Key").lines(brands)),
            diagnostic(
                "authorization", "Authorization", digest: probe.authorization, sent: authorization,
                consequence: "API keys that clients send in it cannot be checked", Fix.header("Authorization").lines(brands)),
            probe.query == question
                ? .ok("query: it arrives")
                : .problem(
                    "query: what follows the question mark does not arrive: ?limit= and the like do nothing", Fix.query.lines(brands)),
        ]
    }

    private func diagnostic(
        _ name: String, _ header: String, digest: String?, sent value: String, consequence: String, _ fix: [String]
    ) -> Diagnostic {
        if digest == SHA256.hexadecimal(of: value.utf8) { return .ok("\(name): \(header) arrives") }
        let fate = digest == nil ? "does not arrive" : "arrives changed"
        return .problem("\(name): \(header) \(fate); \(consequence)", fix)
    }
}
