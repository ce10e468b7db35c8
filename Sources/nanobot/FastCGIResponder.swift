import ArgumentParser
import FastCGI
import FoundationEssentials
import Glibc
import Logging

/// `nanobot fastcgi`: the responder alone.
struct FastCGIResponder: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fastcgi",
        abstract: "Answer a web server that is already there.",
        discussion: "Without --socket it takes the socket that it was started with: systemd's, or descriptor 0.")

    @Option(help: ArgumentHelp("unix:PATH, or ADDRESS:PORT on loopback.", valueName: "socket"))
    var socket: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try failing {
            Signals.block()
            var responder = try Responder(try options.configuration())
            try responder.start(try listeningSocket())
            let application = responder.application
            application.logger.info("Listening on \(socket ?? "the inherited socket"), data in \(application.dataDirectory)")
            _ = Signals.waitForStop()
            responder.stop()
        }
    }

    private func listeningSocket() throws -> ListeningSocket {
        guard let socket else {
            // systemd's socket activation: sd_listen_fds(3).
            let environment = ProcessInfo.processInfo.environment
            let isActivated = environment["LISTEN_PID"] == String(getpid()) && Int(environment["LISTEN_FDS"] ?? "") == 1
            return try ListeningSocket(inherited: isActivated ? 3 : 0)
        }
        if socket.hasPrefix("unix:") { return try ListeningSocket(unixPath: String(socket.dropFirst(5))) }
        guard let colon = socket.lastIndex(of: ":"), let port = UInt16(socket[socket.index(after: colon)...]) else {
            throw Failure(description: "--socket is unix:PATH or ADDRESS:PORT, such as 127.0.0.1:9000; \"\(socket)\" is neither.")
        }
        return try ListeningSocket(ipv4: String(socket[..<colon]), port: port)
    }
}
