import ArgumentParser
import CLinux
import Configuration
import FastCGI
import FoundationEssentials
import Glibc
import Logging
import Text

/// `nanobot fastcgi`: the responder alone.
struct FastCGIResponder: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fastcgi",
        abstract: "Answer a web server that is already there.",
        discussion: "Without --socket it takes the socket that it was started with: systemd's, or descriptor 0.")

    @Option(
        help: ArgumentHelp(
            "unix:PATH, or ADDRESS:PORT, on loopback unless FCGI_WEB_SERVER_ADDRS names the web server.", valueName: "socket"))
    var socket: String?

    @Option(help: ArgumentHelp("The mode of the Unix socket's file, such as 660 (default: 600).", valueName: "mode"))
    var socketMode: String?

    @Option(help: ArgumentHelp("The group of the Unix socket's file: the web server's.", valueName: "group"))
    var socketGroup: String?

    @Flag(help: "Run the responder in a process of its own, and start it again when it dies.")
    var supervise = false

    /// The process that started this responder. The responder ends with it.
    @Option(help: .hidden)
    var supervisor: pid_t?

    /// True if an earlier process served the socket.
    @Flag(help: .hidden)
    var restarted = false

    /// True if the process before died: then what can serve does, though keys that it had are damaged now.
    @Flag(help: .hidden)
    var recovering = false

    /// True if the API stays closed without API keys, whatever the settings say.
    @Flag(help: .hidden)
    var requiresKey = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if let socketMode, mode(socketMode) == nil { throw ValidationError("--socket-mode is an octal number such as 660.") }
        if socketMode ?? socketGroup != nil, socket?.hasPrefix("unix:") != true {
            throw ValidationError("--socket-mode and --socket-group go with --socket unix:PATH.")
        }
    }

    private func mode(_ text: String) -> UInt32? { UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } }

    func run() throws {
        try reportingErrors {
            let signals = Signals(
                hangUp: supervise ? .reload : supervisor == nil && Self.hasTerminal ? .stop : .reopenLog,
                endsAtSecondStop: supervisor == nil)
            var configuration = try options.configuration()
            if requiresKey { configuration.setOption(.requiresKey, "true") }
            if supervise { return try runSupervised(configuration, signals) }
            if let supervisor {
                _ = clinux_set_parent_death_signal(SIGTERM)
                // It may have died before that.
                guard getppid() == supervisor else { return }
            }
            let responder = try startedResponder(configuration)
            responder.application.sayIfOpen(requiresKey: try configuration[.requiresKey])
            if let supervisor {
                kill(supervisor, Signals.serves)
            } else {
                sayWhere(responder.application.logger, responder.application.dataDirectory)
            }
            while true {
                switch signals.wait() {
                case .stop: return responder.stop()
                case .stopNow: return responder.stop(patience: .zero)
                case .reload: try responder.retire()
                case .reopenLog:
                    reopenLog(responder.application.logger)
                    if supervisor == nil { responder.application.logger.notice("\(Self.keepsSettings)") }
                default: break
                }
            }
        }
    }

    private func startedResponder(_ configuration: Configuration) throws -> Responder {
        do {
            var responder = try Responder(configuration, isRestarted: restarted, isRecovering: recovering)
            try responder.start(try listeningSocket())
            return responder
        } catch {
            // Standard error may be where nobody looks.
            if LogFile.isOpen { try configuration.logger().critical("\(error)") }
            throw error
        }
    }

    private static let keepsSettings =
        "SIGHUP: the log's file is opened anew; settings are read when the process starts, or at any time with --supervise"

    private func reopenLog(_ logger: Logger) {
        do { try LogFile.reopen() } catch { logger.error("\(error)") }
    }

    /// True if the process was started on a terminal, and is to end with it.
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        return terminal >= 0 && close(terminal) == 0
    }

    private func runSupervised(_ configuration: Configuration, _ signals: Signals) throws {
        let logger = try configuration.logger()
        let socket = try listeningSocket()
        var supervisor = try Supervisor(socket, options, signals, logger: logger)
        sayWhere(logger, try configuration[.dataDirectory])
        do {
            _ = try supervisor.run()
        } catch {
            socket.close()
            throw error
        }
        supervisor.stop()
    }

    private func sayWhere(_ logger: Logger, _ dataDirectory: String) {
        logger.info("Listening on \(socket ?? "the inherited socket"), data in \(dataDirectory)")
    }

    private func listeningSocket() throws -> ListeningSocket {
        let environment = ProcessInfo.processInfo.environment
        let peers = try environment["FCGI_WEB_SERVER_ADDRS"].map { try PeerAddresses($0) } ?? .loopback
        guard let socket else {
            // systemd's socket activation: sd_listen_fds(3).
            let isActivated = environment["LISTEN_PID"] == String(getpid()) && Int(environment["LISTEN_FDS"] ?? "") == 1
            return try ListeningSocket(inherited: isActivated ? 3 : 0, peers: peers)
        }
        if socket.hasPrefix("unix:") {
            return try ListeningSocket(
                unixPath: String(socket.dropFirst(5)), mode: socketMode.flatMap(mode) ?? 0o600, group: socketGroup)
        }
        guard let colon = socket.utf8.lastIndex(of: UInt8(ascii: ":")), let port = UInt16(socket[socket.index(after: colon)...]) else {
            throw Failure(description: "--socket is unix:PATH or ADDRESS:PORT, such as 127.0.0.1:9000; \"\(socket)\" is neither.")
        }
        return try ListeningSocket(ipv4: String(socket[..<colon]), port: port, peers: peers)
    }
}
