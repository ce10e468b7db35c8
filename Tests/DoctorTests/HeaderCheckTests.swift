import Crypto
import Glibc
import Testing

@testable import Doctor

@Suite("The check of headers and query")
struct HeaderCheckTests {
    private let check = HeaderCheck()

    private func report(
        sessionKey: String?, authorization: String?, query: String?
    ) -> ProbeReport {
        ProbeReport(
            object: "doctor.request", sessionKey: sessionKey.map { SHA256.hexadecimal(of: $0.utf8) },
            authorization: authorization.map { SHA256.hexadecimal(of: $0.utf8) }, query: query, webServer: nil, documentRoot: nil,
            user: getuid(), streams: false)
    }

    @Test("each header check sends values of its own")
    func lines() {
        #expect(check.lines == ["x-session-key: \(check.sessionKey)", "Authorization: \(check.authorization)"])
        let other = HeaderCheck()
        #expect(other.sessionKey != check.sessionKey && other.authorization != check.authorization && other.question != check.question)
    }

    @Test("headers and a query that arrive are ok")
    func arrived() {
        let report = report(sessionKey: check.sessionKey, authorization: check.authorization, query: check.question)
        #expect(
            check.diagnostics(report, [.nginx]) == [
                .ok("session header: x-session-key arrives"), .ok("authorization: Authorization arrives"), .ok("query: it arrives"),
            ])
    }

    @Test("a header that does not arrive is told from one that arrives changed")
    func lost() {
        let diagnostics = check.diagnostics(report(sessionKey: nil, authorization: "Basic x", query: nil), [.apache])
        #expect(diagnostics.map(\.level) == [.problem, .problem, .problem])
        #expect(diagnostics[0].text.hasPrefix("session header: x-session-key does not arrive;"))
        #expect(diagnostics[1].text.hasPrefix("authorization: Authorization arrives changed;"))
        #expect(diagnostics[1].fix == Fix.header("Authorization").lines([.apache]))
        #expect(diagnostics[2].fix == Fix.query.lines([.apache]))
        // The values that were sent stay secret.
        #expect(!diagnostics.contains { $0.lines.contains(check.sessionKey) || $0.lines.contains(check.authorization) })
    }
}
