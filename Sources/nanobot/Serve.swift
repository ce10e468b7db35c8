import ArgumentParser
import FastCGI
import Glibc

/// `nanobot serve`: the responder, and a web server of its own in front.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer HTTP through a web server of its own, for a try and for development.")

    @Option(help: "The port to listen on.")
    var port = 8900

    @Option(help: "The loopback address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "nginx or lighttpd (default: the one found on PATH).")
    var webServer: WebServer.Kind?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard 1...65_535 ~= port else { throw ValidationError("--port is a number from 1 to 65535.") }
    }

    func run() throws {
        try failing {
            Signals.block()
            let address = try LoopbackAddress(host, port: port)
            var webServer = try WebServer(webServer)
            try address.waitUntilFree()
            var responder = try Responder(try options.configuration())
            let directory = try RuntimeDirectory()
            defer { directory.remove() }

            let socket = directory.path + "/responder.sock"
            try responder.start(try ListeningSocket(unixPath: socket))
            let configurationPath = "\(directory.path)/\(webServer.kind).conf"
            let site = WebServer.Site(
                host: address.host, port: port, directory: directory.path, socket: socket, bodyLimit: responder.application.bodyLimit)
            try write(webServer.configuration(site), to: configurationPath)
            try webServer.start(configuration: configurationPath)
            try waitUntilReady(address, webServer)

            print(
                "nanobot listens on http://\(address.host):\(port) (\(webServer.kind)), keeps its data in \(responder.application.dataDirectory), "
                    + "and stops with Ctrl-C or: kill \(getpid())")
            fflush(nil)
            guard Signals.waitForStop(childEnded: webServer.hasEnded) else {
                responder.stop()
                throw Failure(description: "\(webServer.kind) ended; its messages are above.")
            }
            webServer.stop(patience: Responder.patience)
            responder.stop()
        }
    }

    private func waitUntilReady(_ address: LoopbackAddress, _ webServer: WebServer) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !address.isAnswered() {
            guard !webServer.hasEnded() else {
                throw Failure(description: "\(webServer.kind) did not start; its messages are above.")
            }
            guard ContinuousClock.now < deadline else {
                webServer.stop(patience: .zero)
                throw Failure(description: "\(webServer.kind) does not answer on \(host):\(port) after 10 s.")
            }
            usleep(5_000)
        }
    }

    private func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w"), fputs(text, file) >= 0, fclose(file) == 0 else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
    }
}

extension WebServer.Kind: ExpressibleByArgument {}
