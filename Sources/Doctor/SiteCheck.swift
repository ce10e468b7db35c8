import Glibc
import HTTPClient
import JSON
import Server
import Sessions
import SystemPackage
import Text

/// Checks what the web server between clients and the responder does to requests and responses.
struct SiteCheck {
    let site: SiteAddress
    let engine: TransferEngine
    let dataDirectory: FilePath
    /// How long a turn may take, in seconds, before the program itself gives up.
    let turnLimit: Int
    /// The largest body that the program accepts, in bytes.
    let bodyLimit: Int
    /// True if the data directory may be inside the document root.
    let mayBeExposed: Bool

    /// How long a response may take if nothing delays it on purpose.
    static let timeout = Duration.seconds(20)

    func run(waitsLong: Bool, progress: @Sendable (String) -> Void, _ report: ([Diagnostic]) throws -> Void) async throws {
        let reachability = await ReachabilityCheck.run(site, engine)
        try report(reachability.diagnostics)
        guard reachability.isOpen else { return }
        let token: ProbeToken
        do {
            token = try ProbeToken(in: dataDirectory)
        } catch {
            let fix = ["run nanobot doctor as the user that the responder runs as"]
            return try report([.problem("web server: nothing else can be asked: \(error)", fix)])
        }
        defer { token.remove() }
        let exposure = ExposureCheck(site: site, directory: dataDirectory, token: token, engine: engine)
        try report(await exposure.diagnostics(WebServerBrand.brands([reachability.server])))

        let headers = HeaderCheck()
        guard let probe = await ask(token, headers), probe.object == "doctor.request" else {
            // A responder that cannot serve does not check its document root.
            guard reachability.isServing else { return }
            return try report([
                .problem(
                    "web server: the responder behind \(site) does not have the data directory \(dataDirectory)",
                    [
                        "nanobot doctor --config FILE --data-dir DIRECTORY \(site)    # those that the responder has",
                        "and restart the responder, if it is of an older version",
                    ])
            ])
        }
        let brands = WebServerBrand.brands([reachability.server, probe.webServer])
        try report(headers.diagnostics(probe, brands) + documentRoot(probe, brands) + user(probe))
        try report([await CacheCheck(site: site, token: token, engine: engine, brands: brands).diagnostic()])
        try report([await BodyCheck(site: site, token: token, engine: engine, limit: bodyLimit).diagnostic(brands)])
        let delivery = DeliveryCheck(site: site, token: token, engine: engine, brands: brands)
        try report([await delivery.streams(isProblem: probe.streams)])
        try report([await delivery.timeout(turnLimit: turnLimit, waitsLong: waitsLong, progress: progress)])
    }

    /// Which parts of a request arrive; nil if the responder does not say.
    private func ask(_ token: ProbeToken, _ headers: HeaderCheck) async -> ProbeReport? {
        let url = site.url("v1/doctor/\(token.token)?question=\(headers.question)")
        guard let response = try? await engine.ask(url, headers: headers.lines, timeout: Self.timeout), response.status == 200 else {
            return nil
        }
        return try? ValueDecoder().read(ProbeReport.self, from: response.body[...])
    }

    private func documentRoot(_ probe: ProbeReport, _ brands: [WebServerBrand]) -> [Diagnostic] {
        let roots = [probe.documentRoot, probe.contextDocumentRoot].compactMap(\.self)
        let check = DocumentRootCheck(dataDirectory.string)
        guard let root = roots.first(where: check.isInside) else {
            return roots.prefix(1).map { .ok("document root: the data directory is not inside \($0)") }
        }
        let text = "document root: the data directory \(dataDirectory) is inside \(root), where the web server may give files to everyone"
        // Every directory is inside the root of the file system.
        let fix = DocumentRootCheck.resolved(root) == "/" ? Fix.documentRoot.lines(brands) : Fix.elsewhere
        return [mayBeExposed ? .warning(text, fix) : .problem(text + "; no request is served", fix)]
    }

    private func user(_ probe: ProbeReport) -> [Diagnostic] {
        let (own, other) = (DirectoryCheck.userName(geteuid()), DirectoryCheck.userName(probe.user))
        guard own != other else { return [] }
        return [
            .warning(
                "user: this is the user \(own), and the responder runs as \(other), for whom the data directory was not examined",
                ["sudo -u \(other) nanobot doctor"])
        ]
    }
}
