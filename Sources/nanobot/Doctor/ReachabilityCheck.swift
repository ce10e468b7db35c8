import HTTPClient
import Models

/// Whether the program answers at the site's path.
struct ReachabilityCheck {
    var findings: [Diagnostic]
    /// Whether it does, so that it can be asked for more.
    var isOpen = false
    /// Whether it also serves.
    var isServing = false
    /// What the web server calls itself.
    var server: String?

    static func examine(_ site: SiteAddress, _ engine: TransferEngine) async -> ReachabilityCheck {
        let answer: HTTPResponse
        do {
            answer = try await engine.get(site.url("health"), timeout: SiteCheck.timeout)
        } catch {
            return ReachabilityCheck(findings: [failure(error, site)])
        }
        var entrance = ReachabilityCheck(findings: [], server: answer.header("server"))
        let brands = WebServerBrand.brands([entrance.server])
        let place = ([""] + site.path + [""]).joined(separator: "/")
        // The web server's own errors have no such header, but for those that `nanobot serve` writes for its nginx.
        let isOurs = answer.header("x-request-id") != nil && answer.header("content-type") == "application/json"
        switch answer.status {
        case 200 where answer.body == Array(#"{"status":"ok"}"#.utf8):
            (entrance.isOpen, entrance.isServing) = (true, true)
            entrance.findings = [.ok("path: nanobot answers at \(site)" + (entrance.server.map { ", through \($0)" } ?? ""))]
        case 500 where isOurs:
            entrance.isOpen = true
            entrance.findings = [
                .problem(
                    "path: nanobot is at \(site), and cannot serve (status 500)",
                    ["a finding below may say why; its log does (over CGI the web server's error log)"])
            ]
        case 404 where isOurs:
            entrance.findings = [
                .problem("path: nanobot is at \(site), and the web server does not tell it the path", Fix.program.lines(brands))
            ]
        case 300..<400:
            let target = answer.header("location").map { ": nanobot doctor \($0.hasSuffix("/health") ? String($0.dropLast(7)) : $0)" } ?? ""
            entrance.findings = [
                .problem("path: the web server redirects \(site) (status \(answer.status))", ["give the URL that it names\(target)"])
            ]
        case 502, 503, 504:
            entrance.findings = [
                .problem(
                    "path: the web server does not reach nanobot (status \(answer.status))",
                    [
                        "nanobot fastcgi --supervise --socket unix:/run/nanobot/socket --socket-mode 660 --socket-group www-data    # the web server's"
                    ] + Fix.program.lines(brands))
            ]
        default:
            entrance.findings = [
                .problem("path: \(site)/health is not nanobot's (status \(answer.status))", Fix.path(place).lines(brands))
            ]
        }
        return entrance
    }

    private static func failure(_ error: TransferError, _ site: SiteAddress) -> Diagnostic {
        switch error.code {
        case .missingLibrary: .problem("path: \(site) cannot be asked: \(error)", ["apt-get install libcurl4"])
        case .untrusted: .problem("path: the certificate of \(site) is refused: \(error)", ["certbot renew    # or what else made it"])
        case .timedOut:
            .problem("path: \(site) does not answer in time: \(error)", ["is the program running, and has it threads (workers)?"])
        default: .problem("path: \(site) cannot be reached: \(error)", ["is the web server running, and does it listen there?"])
        }
    }
}
