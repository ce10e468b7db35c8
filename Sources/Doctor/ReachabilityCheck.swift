import HTTPClient
import Text

/// Checks that the program answers at the site's path.
struct ReachabilityCheck {
    var diagnostics: [Diagnostic]
    /// True if the program answers, so that further checks make sense.
    var isOpen = false
    /// True if it also serves.
    var isServing = false
    /// What the web server calls itself.
    var server: String?

    static func run(_ site: SiteAddress, _ engine: TransferEngine) async -> ReachabilityCheck {
        do {
            return ReachabilityCheck(try await engine.ask(site.url("health"), timeout: SiteCheck.timeout), from: site)
        } catch {
            return ReachabilityCheck(diagnostics: [failure(error, site)])
        }
    }

    /// Judges the site's response to `/health`.
    init(_ response: HTTPResponse, from site: SiteAddress) {
        server = response.header("server")
        diagnostics = []
        let brands = WebServerBrand.brands([server])
        // The web server's own errors have no such header, except those that `nanobot serve` writes for its nginx.
        let isOurs = response.header("x-request-id") != nil && response.header("content-type") == "application/json"
        switch response.status {
        case 200 where response.body == Array(#"{"status":"ok"}"#.utf8):
            (isOpen, isServing) = (true, true)
            diagnostics = [.ok("path: nanobot answers at \(site)" + (server.map { ", through \($0)" } ?? ""))]
        case 500 where isOurs:
            isOpen = true
            diagnostics = [
                .problem(
                    "path: nanobot is at \(site), and cannot serve (status 500)",
                    ["a line below may say why; its log does (over CGI the web server's error log)"])
            ]
        case 404 where isOurs:
            diagnostics = [
                .problem("path: nanobot is at \(site), and the web server does not tell it the path", Fix.program.lines(brands))
            ]
        case 300..<400:
            let target = response.header("location").map {
                ": nanobot doctor \($0.hasSuffix("/health") ? String($0.dropLast(7)) : $0)"
            }
            diagnostics = [
                .problem(
                    "path: the web server redirects \(site) (status \(response.status))", ["give the URL that it names\(target ?? "")"])
            ]
        case 502, 503, 504:
            diagnostics = [
                .problem(
                    "path: the web server does not reach nanobot (status \(response.status))",
                    [
                        "nanobot fastcgi --supervise --socket unix:/run/nanobot/socket --socket-mode 660 --socket-group www-data    # the web server's"
                    ] + Fix.program.lines(brands))
            ]
        default:
            let place = ([""] + site.path + [""]).joined(separator: "/")
            diagnostics = [
                .problem("path: \(site)/health is not nanobot's (status \(response.status))", Fix.path(place).lines(brands))
            ]
        }
    }

    private init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    private static func failure(_ error: TransferError, _ site: SiteAddress) -> Diagnostic {
        switch error.code {
        case .missingLibrary: .problem("path: \(site) cannot be asked: \(error)", [CurlPackage.ofHost.command])
        case .untrusted: .problem("path: the certificate of \(site) is refused: \(error)", ["certbot renew    # or what else made it"])
        case .timedOut:
            .problem("path: \(site) does not answer in time: \(error)", ["is the program running, and has it threads (workers)?"])
        default: .problem("path: \(site) cannot be reached: \(error)", ["is the web server running, and does it listen there?"])
        }
    }
}
