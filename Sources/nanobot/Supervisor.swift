import ArgumentParser
import CLinux
import FastCGI
import Glibc
import Logging
import Server

/// Runs the responder in a process of its own, and starts it again when it dies: then the chats in flight are lost, and nothing else. The
/// supervisor holds the listening socket, where requests wait meanwhile.
struct Supervisor {
    private let socket: ListeningSocket
    private let arguments: [String]
    private let logger: Logger
    private var responder: ChildProcess
    private var pause = RestartPause()
    /// When the responder is started again; nil while it runs.
    private var nextStart: ContinuousClock.Instant?
    /// Whether a responder has got as far as to serve.
    var hasServed = false
    /// Whether the responder is the first one: where it fails to start, there is no use in another.
    private var isFirst = true

    /// Starts the responder.
    ///
    /// - Parameter options: as they were given to this process.
    init(_ socket: ListeningSocket, _ options: ConfigurationOptions, logger: Logger) throws {
        (self.socket, self.logger) = (socket, logger)
        // A log that nobody reads must not end what starts the responder again.
        signal(SIGPIPE, SIG_IGN)
        arguments = [CommandLine.arguments[0], FastCGIResponder._commandName, "--supervisor", "\(getpid())"] + options.arguments
        responder = try Self.start(arguments, socket)
    }

    /// By its path, since that is the name that process lists show; where the file has gone, this program is still there.
    private static func start(_ arguments: [String], _ socket: ListeningSocket) throws -> ChildProcess {
        let file = "/proc/self/exe"
        return try ChildProcess(DocumentRootCheck.resolved(file) ?? file, arguments, standardInput: socket.descriptor)
    }

    /// Keeps the responder running until a signal to stop, or until `isOver` says so after a child's end. Returns whether it was a signal.
    ///
    /// - Throws: the responder's exit status, where it cannot serve at all: it has said why.
    mutating func run(until isOver: () -> Bool = { false }) throws -> Bool {
        while true {
            switch Signals.wait(until: nextStart) {
            case .stop: return true
            case .childEnded:
                if isOver() { return false }
                if ContinuousClock.now - responder.started > .seconds(1) { hasServed = true }
            case nil: break
            }
            try tend()
        }
    }

    /// Does what there is to do now: sees whether the responder has ended, and starts it again where that is due.
    ///
    /// - Throws: as `run`.
    mutating func tend() throws {
        if let nextStart {
            if nextStart <= .now { restart() }
            return
        }
        guard responder.hasEnded() else { return }
        if let status = responder.exitStatus, status != 0, isFirst, !hasServed { throw ExitCode(status) }
        isFirst = false
        let end = responder.endingSignal.map { "was ended by signal \($0)" } ?? "left with status \(responder.exitStatus ?? 0)"
        let pause = pause.next(after: ContinuousClock.now - responder.started)
        logger.error("The responder, process \(responder.processID), \(end); it is started again in \(pause)")
        nextStart = .now + pause
    }

    private mutating func restart() {
        do {
            // One that has served has had a data directory: where that is gone now, there is to be no new one.
            responder = try Self.start(arguments + (hasServed ? ["--restarted"] : []), socket)
            nextStart = nil
        } catch {
            let pause = pause.next(after: .zero)
            logger.error("\(error) Again in \(pause)")
            nextStart = .now + pause
        }
    }

    /// Lets the requests in flight end, bounded by the responder's own patience; new ones are refused from now on.
    mutating func stop() {
        // Here first: the responder closes its own, and then nobody listens.
        socket.close()
        guard nextStart == nil else { return }
        responder.stop(by: SIGTERM, patience: Responder.patience + .seconds(5))
    }
}

/// How long a program that died stays down: less than a second, and longer each time that it dies at once.
struct RestartPause {
    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.milliseconds(800)
    private var next = first

    /// The pause after a life.
    mutating func next(after life: Duration) -> Duration {
        if life >= .seconds(1) { next = Self.first }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
