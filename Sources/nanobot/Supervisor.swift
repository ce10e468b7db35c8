import ArgumentParser
import CLinux
import Configuration
import FastCGI
import FoundationEssentials
import Glibc
import Logging
import Text

/// Runs the responder in a process of its own and restarts it when it dies: only the chats in flight are lost. The supervisor holds the
/// listening socket, where requests wait meanwhile. Asked to reload, it starts a new responder on the same socket and retires the old one
/// once the new one serves.
struct Supervisor {
    private let socket: ListeningSocket
    private let options: ConfigurationOptions
    private let arguments: [String]
    private let signals: Signals
    private var logger: Logger
    private var responder: ChildProcess
    /// The responder that takes over as soon as it serves.
    private var successor: ChildProcess?
    /// True if a reload was asked for while one was under way, which may have read the settings before.
    private var reloadsAgain = false
    /// Responders that end their last requests.
    private var retired: [ChildProcess] = []
    private var pause = RestartPause()
    /// When the responder restarts; nil while it runs.
    private var nextStart: ContinuousClock.Instant?
    /// True once a responder has served. If the first one cannot, another could not, either.
    private var hasServed = false

    /// Starts the responder.
    ///
    /// - Parameters:
    ///   - options: this process's own, passed on.
    ///   - requiresKey: whether the API is closed without API keys, also if there were some at the start.
    init(
        _ socket: ListeningSocket, _ options: ConfigurationOptions, requiresKey: Bool = false, _ signals: Signals, logger: Logger
    ) throws {
        (self.socket, self.options, self.signals, self.logger) = (socket, options, signals, logger)
        // Standard error may be a broken pipe; that must not end the supervisor.
        signal(SIGPIPE, SIG_IGN)
        arguments =
            [CommandLine.arguments[0], FastCGIResponder._commandName, "--supervisor", "\(getpid())"]
            + (requiresKey ? ["--requires-key"] : []) + options.arguments
        responder = try Self.start(arguments, socket)
    }

    /// Starts this program by its path, which process lists show and where a newer version may be, or through /proc if no file is there.
    private static func start(_ arguments: [String], _ socket: ListeningSocket) throws -> ChildProcess {
        let link = "/proc/self/exe"
        // The link's text ends in " (deleted)" if the file was replaced (proc_pid_exe(5)).
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: link)
        let current = path.hasSuffix(" (deleted)") ? String(path.dropLast(10)) : path
        return try ChildProcess(
            access(current, X_OK) == 0 ? current : link, arguments, standardInput: socket.descriptor, blocking: [SIGHUP])
    }

    /// Keeps the responder running until a signal to stop, or until a child has ended and `isOver` is true. Returns true for a signal.
    ///
    /// - Throws: the responder's exit status if it cannot serve at all; it has reported why.
    mutating func run(until isOver: () -> Bool = { false }) throws -> Bool {
        while true {
            switch try tend(until: nextStart) {
            case .stop, .stopNow: return true
            case .childEnded: if isOver() { return false }
            default: break
            }
        }
    }

    /// Waits for a signal, at most until the deadline, and does what it and the time ask for; stopping is left to the caller.
    ///
    /// - Throws: as `run`.
    mutating func tend(until deadline: ContinuousClock.Instant?) throws -> Signals.Event? {
        let event = signals.wait(until: deadline)
        switch event {
        case .stop, .stopNow: return event
        case .reload: reload()
        case .serves(let processID): serves(processID)
        case .childEnded, .reopenLog, nil: break
        }
        try tend()
        return event
    }

    /// Checks which processes have ended, and restarts the responder once its pause is over.
    ///
    /// - Throws: as `run`.
    mutating func tend() throws {
        retired = retired.filter { process in
            var process = process
            return !process.hasEnded()
        }
        if successor?.hasEnded() == true, let failed = successor {
            successor = nil
            logger.error("The new responder, process \(failed.processID), \(failed.end); the old one goes on")
            reloadOnceMore()
        }
        if let nextStart {
            if nextStart <= .now { restart() }
            return
        }
        guard responder.hasEnded() else { return }
        if let status = responder.exitStatus, status != 0, !hasServed { throw ExitCode(status) }
        let pause = pause.next(after: ContinuousClock.now - responder.started)
        logger.error("The responder, process \(responder.processID), \(responder.end); it is started again in \(pause)")
        nextStart = .now + pause
    }

    /// Opens the log's file anew, reads the settings, and starts a responder that does the same.
    private mutating func reload() {
        for process in retired + [responder] + (successor.map { [$0] } ?? []) { process.send(SIGHUP) }
        do { try LogFile.reopen() } catch {
            // Nobody may see where the old file is now. The settings may name another one.
            logger.error("\(error)")
            Terminal.say("nanobot: \(error)")
        }
        do { try options.configuration().validate() } catch {
            return logger.error("\(error) The settings from before stay in force.")
        }
        guard successor == nil else { return reloadsAgain = true }
        // One that is about to be restarted is new anyway.
        guard nextStart == nil else { return }
        do {
            successor = try Self.start(arguments + ["--restarted"], socket)
        } catch {
            logger.error("\(error) The responder is not reloaded.")
        }
    }

    private mutating func serves(_ processID: pid_t) {
        if processID == responder.processID { hasServed = true }
        guard let successor, processID == successor.processID else { return }
        responder.send(Signals.reload)
        // It has read the settings, and serves with them.
        if let next = try? options.configuration().logger() { logger = next }
        logger.info("Reloaded: process \(processID) serves, and process \(responder.processID) ends its requests")
        if nextStart == nil { retired.append(responder) }
        (responder, self.successor, nextStart) = (successor, nil, nil)
        reloadOnceMore()
    }

    private mutating func reloadOnceMore() {
        guard reloadsAgain else { return }
        reloadsAgain = false
        reload()
    }

    private mutating func restart() {
        do {
            // A responder that has served had a data directory. If that is gone now, none may be created in its place.
            responder = try Self.start(arguments + (hasServed ? ["--restarted", "--recovering"] : []), socket)
            nextStart = nil
        } catch {
            let pause = pause.next(after: .zero)
            logger.error("\(error) Again in \(pause)")
            nextStart = .now + pause
        }
    }

    /// Tells the clients of the requests in flight to try again.
    func cut() { for process in retired + [responder] { process.send(SIGQUIT) } }

    /// Refuses new requests and waits for those in flight, as long as the responder's own patience lasts.
    mutating func stop() {
        // Close this one first: once the responder closes its own, nobody listens.
        socket.close()
        let running = retired + (successor.map { [$0] } ?? []) + (nextStart == nil ? [responder] : [])
        for process in running { process.send(SIGTERM) }
        for var process in running { process.stop(by: SIGTERM, patience: Responder.patience + .seconds(5)) }
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
