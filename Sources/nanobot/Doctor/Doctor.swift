import ArgumentParser
import Concurrency
import Configuration
import HTTPClient
import Models
import SystemPackage

/// `nanobot doctor`: what is wrong, and which lines mend it.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what is wrong, and say which lines mend it.",
        discussion: """
            Examines the configuration, the data directory and the upstreams, and, with a URL, the web server between clients and the \
            responder there. A line a finding: ok, warning or problem. The exit status is 1 where there is a problem.

            Run it as the user that the responder runs as, with its configuration.
            """)

    @Argument(help: ArgumentHelp("Where clients reach nanobot, such as https://example.org/chat.", valueName: "URL"))
    var site: SiteAddress?

    @Flag(help: "Also wait as long as a turn may take, to see which time limit cuts it off.")
    var timeoutCheck = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let hasProblem = Mutex(false)
        let tell = { @Sendable (findings: [Diagnostic]) throws in
            try Terminal.put(findings.map(\.lines).joined())
            if findings.contains(where: { $0.level == .problem }) { hasProblem.withLock { $0 = true } }
        }
        try reportingErrors {
            let configuration: Configuration
            do {
                configuration = try options.configuration()
            } catch {
                try tell([.problem("configuration: \(error) Nothing else was examined.")])
                throw ExitCode.failure
            }
            try runBlocking { [site, timeoutCheck] in
                let engine = TransferEngine()
                defer { engine.stop() }
                try tell(ConfigurationCheck.findings(configuration))
                if let path = try? configuration[.dataDirectory] {
                    let minimum = try? configuration[.storageMinFreeBytes]
                    try tell(DirectoryCheck(path: FilePath(path), minimumFreeBytes: minimum ?? 0).findings())
                }
                let upstreams = try? configuration.models(engine: engine).upstreams
                if let upstreams { try tell(await UpstreamCheck.findings(upstreams)) }
                if let site {
                    try await SiteCheck(site, configuration, usesUpstreams: upstreams?.isEmpty == false, engine).run(
                        waitsLong: timeoutCheck, tell)
                }
            }
            if hasProblem.withLock(\.self) { throw ExitCode.failure }
        }
    }
}
