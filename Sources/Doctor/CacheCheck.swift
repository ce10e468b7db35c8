import Crypto
import FoundationEssentials
import HTTPClient
import JSON
import Sessions
import Text

/// Checks that no cache gives one session's response to another: asks for the same URLs with two keys.
struct CacheCheck {
    let site: SiteAddress
    let token: ProbeToken
    let engine: TransferEngine
    let brands: [WebServerBrand]

    func diagnostic() async -> Diagnostic {
        for path in ["v1/doctor/\(token.token)", "v1/session"] {
            let keys = [1, 2].map { _ in Identifier.make(prefix: "doctor:") }
            var answers: [HTTPResponse] = []
            for key in keys {
                do {
                    // Without Authorization, which makes some caches more careful.
                    answers.append(try await engine.ask(site.url(path), headers: ["x-session-key: \(key)"], timeout: SiteCheck.timeout))
                } catch {
                    return .warning("cache: it could not be seen whether answers are stored: \(error)")
                }
            }
            let seen = (try? ValueDecoder().read(ProbeReport.self, from: answers[1].body[...]))?.sessionKey
            let ids = answers.map { $0.header("x-request-id") }
            if seen == SHA256.hexadecimal(of: keys[0].utf8) || ids[0] != nil && ids[0] == ids[1] {
                return .problem(
                    "cache: an answer for one session key is given to another: everyone can read what others said", Fix.cache.lines(brands))
            }
        }
        return .ok("cache: an answer for one session key is not given to another")
    }
}
