import Access
import ArgumentParser
import ChatAPI
import Configuration
import FastCGI
import Glibc
import Server
import SystemPackage
import Text

/// `nanobot serve`: the responder with a web server of its own in front.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer HTTP through a web server of its own, for a try and for development.")

    @Option(help: "The port to listen on.")
    var port = 8900

    @Option(help: "The IPv4 address to listen on. Without API keys it is a loopback address.")
    var host = "127.0.0.1"

    @Option(help: "nginx or lighttpd (default: the one found on PATH).")
    var webServer: WebServer.Kind?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard 1...65_535 ~= port else { throw ValidationError("--port is a number from 1 to 65535.") }
    }

    func run() throws {
        try reportingErrors {
            let signals = Signals()
            let configuration = try options.configuration()
            let address = try ListeningAddress(host, port: port, isOpen: try isOpen(configuration))
            var webServer = try WebServer(webServer)
            try address.waitUntilFree()
            let (bodyLimit, dataDirectory) = (try configuration[.bodyLimit], try configuration[.dataDirectory])
            let logger = try configuration.logger()
            let directory = try RuntimeDirectory()
            defer { directory.remove() }

            let socket = directory.path + "/responder.sock"
            var supervisor = try Supervisor(
                try ListeningSocket(unixPath: socket), options, requiresKey: !address.isLoopback, signals, logger: logger)
            defer { supervisor.stop() }
            let configurationPath = "\(directory.path)/\(webServer.kind).conf"
            let site = WebServer.Site(
                host: address.host, port: port, directory: directory.path, socket: socket, bodyLimit: bodyLimit,
                origins: try configuration[.origins])
            try write(webServer.configuration(site), to: configurationPath)
            try webServer.start(configuration: configurationPath)
            // Requests that wait while the responder restarts are in flight, too.
            defer {
                let cut = ContinuousClock.now + Responder.patience
                webServer.stop(patience: Responder.patience + .seconds(5)) {
                    if ContinuousClock.now < cut { try? supervisor.tend() } else { supervisor.cut() }
                }
            }
            guard try waitUntilReady(address, &webServer, &supervisor) else { return }

            print(
                "nanobot listens on http://\(address.host):\(port) (\(webServer.kind)), keeps its data in \(dataDirectory), "
                    + "and stops with Ctrl-C or: kill \(getpid())")
            fflush(nil)
            guard try supervisor.run(until: { webServer.hasEnded() }) else {
                throw Failure(description: "\(webServer.kind) ended; its messages are above.")
            }
        }
    }

    /// True if no request needs an API key.
    private func isOpen(_ configuration: Configuration) throws -> Bool {
        if try configuration[.requiresKey] || configuration[.givenKeys]?.isEmpty == false { return false }
        return try KeyFile(FilePath(configuration.keysFile())).read() == nil
    }

    /// Returns once `/health` is answered; false if a signal to stop came first.
    private func waitUntilReady(
        _ address: ListeningAddress, _ webServer: inout WebServer, _ supervisor: inout Supervisor
    ) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        while !address.answers("/health") {
            guard !webServer.hasEnded() else {
                throw Failure(description: "\(webServer.kind) did not start; its messages are above.")
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "Nothing answers on \(host):\(port) after 10 s.")
            }
            if try supervisor.tend(until: .now + .milliseconds(5)).map({ [.stop, .stopNow].contains($0) }) == true { return false }
        }
        return true
    }

    private func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w"), fputs(text, file) >= 0, fclose(file) == 0 else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }
}

extension WebServer.Kind: ExpressibleByArgument {}
