import ArgumentParser
import CLinux
import FastCGI
import Glibc
import Logging
import Server

/// Runs the responder in a process of its own and restarts it when it dies: only the chats in flight are lost. The supervisor holds the
/// listening socket, where requests wait meanwhile.
struct Supervisor {
    private let socket: ListeningSocket
    private let arguments: [String]
    private let logger: Logger
    private var responder: ChildProcess
    private var pause = RestartPause()
    /// When the responder restarts; nil while it runs.
    private var nextStart: ContinuousClock.Instant?
    /// True once a responder has served.
    var hasServed = false
    /// True for the first responder: if it fails to start, another would, too.
    private var isFirst = true

    /// Starts the responder.
    ///
    /// - Parameter options: this process's own, passed on.
    init(_ socket: ListeningSocket, _ options: ConfigurationOptions, logger: Logger) throws {
        (self.socket, self.logger) = (socket, logger)
        // Standard error may be a broken pipe; that must not end the supervisor.
        signal(SIGPIPE, SIG_IGN)
        arguments = [CommandLine.arguments[0], FastCGIResponder._commandName, "--supervisor", "\(getpid())"] + options.arguments
        responder = try Self.start(arguments, socket)
    }

    /// Starts this program by its path, which process lists show, or through /proc if the file is gone.
    private static func start(_ arguments: [String], _ socket: ListeningSocket) throws -> ChildProcess {
        let file = "/proc/self/exe"
        return try ChildProcess(DocumentRootCheck.resolved(file) ?? file, arguments, standardInput: socket.descriptor)
    }

    /// Keeps the responder running until a signal to stop, or until a child has ended and `isOver` is true. Returns true for a signal.
    ///
    /// - Throws: the responder's exit status if it cannot serve at all; it has reported why.
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

    /// Checks whether the responder has ended, and restarts it once its pause is over.
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
            // A responder that has served had a data directory. If that is gone now, none may be created in its place.
            responder = try Self.start(arguments + (hasServed ? ["--restarted"] : []), socket)
            nextStart = nil
        } catch {
            let pause = pause.next(after: .zero)
            logger.error("\(error) Again in \(pause)")
            nextStart = .now + pause
        }
    }

    /// Refuses new requests and waits for those in flight, as long as the responder's own patience lasts.
    mutating func stop() {
        // Close this one first: once the responder closes its own, nobody listens.
        socket.close()
        guard nextStart == nil else { return }
        responder.stop(by: SIGTERM, patience: Responder.patience + .seconds(5))
    }
}

/// The pause before a program that died is restarted: less than a second, and longer each time it dies at once.
struct RestartPause {
    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.milliseconds(800)
    private var next = first

    /// The pause after the program has run for `life`.
    mutating func next(after life: Duration) -> Duration {
        if life >= .seconds(1) { next = Self.first }
        defer { next = min(next * 2, Self.longest) }
        return next
    }
}
