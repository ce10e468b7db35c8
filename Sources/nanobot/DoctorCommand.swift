import ArgumentParser
import Concurrency
import Configuration
import Doctor
import HTTPClient
import Text

/// `nanobot doctor`: what is wrong, and which lines fix it.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for what is wrong, and say which lines fix it.",
        discussion: """
            Checks the configuration, the data directory, the API keys and the upstreams, and, with a URL, the web server between clients \
            and the responder there. It prints a line for each check: ok, warning or problem. The exit status is 1 if there is a problem.

            Run it as the user that the responder runs as, with its configuration.

            With --peer it looks at a data directory that several hosts share, and tries from both sides: whether each sees at once what the \
            other appends, renames and removes, whether a lock keeps out the other, how far the clocks are apart, and which mount options \
            lose turns. The other side is another mount on this host, or the responder of another host behind that one's own address. \
            Mount options are seen on this host only, so run it on each.
            """)

    @Argument(help: ArgumentHelp("Where clients reach nanobot, such as https://example.org/chat.", valueName: "URL"))
    var site: SiteAddress?

    @Flag(help: "Also wait as long as a turn may take, to see which time limit cuts it off.")
    var timeoutCheck = false

    @Option(
        help: ArgumentHelp(
            "Also check that this host and another one may share the data directory: another mount of it, or the URL of the other host's responder.",
            valueName: "directory-or-url"))
    var peer: PeerAddress?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let hasProblem = Mutex(false)
        let report = { @Sendable (diagnostics: [Diagnostic]) throws in
            try Terminal.put(diagnostics.map(\.lines).joined())
            if diagnostics.contains(where: { $0.level == .problem }) { hasProblem.withLock { $0 = true } }
        }
        try reportingErrors {
            let configuration: Configuration
            do {
                configuration = try options.configuration()
            } catch {
                try report([.problem("configuration: \(error) Nothing else was examined.")])
                throw ExitCode.failure
            }
            try runBlocking { [site, peer, timeoutCheck] in
                let engine = TransferEngine()
                defer { engine.stop() }
                let upstreams = try? configuration.models(engine: engine).upstreams
                let doctor = Doctor(configuration, upstreams: upstreams, engine: engine)
                try await doctor.checkHost(report)
                if let site {
                    try await doctor.checkSite(site, waitsLong: timeoutCheck, progress: { Terminal.progress($0) }, report)
                }
                if let peer { try await doctor.checkPeer(peer, report) }
            }
            if hasProblem.withLock(\.self) { throw ExitCode.failure }
        }
    }
}

extension SiteAddress: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension PeerAddress: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
