import Chat
import Configuration
import FoundationEssentials
import Glibc
import HTTPClient
import JSON
import Models
import Sessions
import SystemPackage
import Server

/// What the web server between clients and the responder does to requests and answers.
struct SiteCheck {
    let site: SiteAddress
    let engine: TransferEngine
    /// How long a turn may take, in seconds, before the program itself gives up.
    let turnLimit: Int
    private let dataDirectory: FilePath
    private let mayBeExposed: Bool

    /// How long an answer may take that nothing has to be waited for.
    static let timeout = Duration.seconds(20)

    init(_ site: SiteAddress, _ configuration: Configuration, usesUpstreams: Bool, _ engine: TransferEngine) throws {
        (self.site, self.engine) = (site, engine)
        dataDirectory = FilePath(try configuration[.dataDirectory])
        mayBeExposed = (try? configuration[.allowsDocumentRoot]) ?? false
        let limit = try? configuration[usesUpstreams ? .upstreamTimeout : .sessionBusyTimeout]
        // With white space in between, silence is shorter.
        let silence = try? configuration[.heartbeatAfter]
        turnLimit = min(limit ?? 120, silence ?? .max)
    }

    /// Tells findings as they come.
    func run(waitsLong: Bool, _ tell: ([Diagnostic]) throws -> Void) async throws {
        let entrance = await ReachabilityCheck.examine(site, engine)
        try tell(entrance.findings)
        guard entrance.isOpen else { return }
        let pass: ProbeToken
        do {
            pass = try ProbeToken(in: dataDirectory)
        } catch {
            let remedy = ["run nanobot doctor as the user that the responder runs as"]
            return try tell([.problem("web server: nothing else can be asked: \(error)", remedy)])
        }
        defer { pass.remove() }
        let exposure = ExposureCheck(site: site, directory: dataDirectory, pass: pass, engine: engine)
        try tell(await exposure.findings(WebServerBrand.brands([entrance.server])))

        let sent = HeaderCheck()
        guard let arrival = await ask(pass, sent), arrival.object == "doctor.request" else {
            // One that cannot serve does not look.
            guard entrance.isServing else { return }
            return try tell([
                .problem(
                    "web server: the responder behind \(site) does not have the data directory \(dataDirectory)",
                    [
                        "nanobot doctor --config FILE --data-dir DIRECTORY \(site)    # those that the responder has",
                        "and restart the responder, if it is of an older version",
                    ])
            ])
        }
        let brands = WebServerBrand.brands([entrance.server, arrival.webServer])
        try tell(sent.findings(arrival, brands) + documentRoot(arrival) + user(arrival))
        let delivery = DeliveryCheck(site: site, pass: pass, engine: engine, brands: brands)
        try tell([await delivery.streams(isProblem: arrival.streams)])
        try tell([await delivery.timeout(turnLimit: turnLimit, waitsLong: waitsLong)])
    }

    /// What arrived of a request. Nil where there is no answer to that.
    private func ask(_ pass: ProbeToken, _ sent: HeaderCheck) async -> Arrival? {
        let url = site.url("v1/doctor/\(pass.token)?question=\(sent.question)")
        guard let answer = try? await engine.get(url, headers: sent.lines, timeout: Self.timeout), answer.status == 200 else { return nil }
        return try? JSONDecoder().read(Arrival.self, from: answer.body[...])
    }

    private func documentRoot(_ arrival: Arrival) -> [Diagnostic] {
        guard let root = arrival.documentRoot else { return [] }
        guard DocumentRootCheck(dataDirectory.string).isInside(root) else {
            return [.ok("document root: the data directory is not inside \(root)")]
        }
        let text = "document root: the data directory \(dataDirectory) is inside \(root), where the web server may give files to everyone"
        return [mayBeExposed ? .warning(text, Fix.elsewhere) : .problem(text + "; no request is served", Fix.elsewhere)]
    }

    private func user(_ arrival: Arrival) -> [Diagnostic] {
        let (own, other) = (DirectoryCheck.userName(geteuid()), DirectoryCheck.userName(arrival.user))
        guard own != other else { return [] }
        return [
            .warning(
                "user: this is the user \(own), and the responder runs as \(other), for whom the data directory was not examined",
                ["sudo -u \(other) nanobot doctor"])
        ]
    }
}

/// What the responder says of a request of the doctor's.
struct Arrival: Decodable {
    var object: String
    var sessionKey: String?
    var authorization: String?
    var query: String?
    var webServer: String?
    var documentRoot: String?
    var user: uid_t
    var streams: Bool

    private enum CodingKeys: String, CodingKey {
        case object
        case sessionKey = "session_key"
        case authorization
        case query
        case webServer = "web_server"
        case documentRoot = "document_root"
        case user
        case streams
    }
}
