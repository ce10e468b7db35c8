import Glibc

/// The signals that the program waits for in one place, instead of being interrupted by them.
struct Signals: Sendable {
    enum Event: Equatable {
        /// The program should stop, once its requests have ended.
        case stop
        /// The program should stop, and tell its clients so.
        case stopNow
        /// A new process should take over, and the old one end with its requests.
        case reload
        /// The log's file was moved away.
        case reopenLog
        /// A process reports that it serves requests.
        case serves(pid_t)
        /// At least one child has ended.
        case childEnded
    }

    /// How a responder tells its supervisor that it serves requests. A real-time signal, since two may come at once.
    static let serves = __libc_current_sigrtmin()
    /// How a supervisor tells its responder that another has taken over.
    static let reload = SIGUSR2

    private let stopping: [CInt]
    private let hangUp: Event
    private let endsAtSecondStop: Bool

    /// Blocks the signals. Call it before the first thread starts: threads inherit the mask.
    ///
    /// - Parameters:
    ///   - hangUp: what SIGHUP asks for. A terminal that is closed sends it, too.
    ///   - endsAtSecondStop: whether the next signal to stop ends the process at once. Not if a supervisor waits for the process: then a
    ///     signal to all of a service's processes arrives twice.
    init(hangUp: Event = .stop, endsAtSecondStop: Bool = true) {
        (self.hangUp, self.endsAtSecondStop) = (hangUp, endsAtSecondStop)
        stopping = [SIGTERM, SIGINT] + (hangUp == .stop ? [SIGHUP] : [])
        // If SIGCHLD were inherited as ignored, waitpid(2) could not tell how a child ended.
        signal(SIGCHLD, SIG_DFL)
        var set = awaited
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in stopping + [SIGHUP, Self.reload, Self.serves, SIGCHLD, SIGQUIT] { sigaddset(&set, signal) }
        return set
    }

    /// Waits for a signal; nil if the deadline passes.
    func wait(until deadline: ContinuousClock.Instant? = nil) -> Event? {
        var (set, information) = (awaited, siginfo_t())
        while true {
            let signal: CInt
            if let deadline {
                let (seconds, attoseconds) = max(.zero, ContinuousClock.now.duration(to: deadline)).components
                var timeout = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
                signal = sigtimedwait(&set, &information, &timeout)
            } else {
                signal = sigwaitinfo(&set, &information)
            }
            if signal == SIGQUIT { return .stopNow }
            if signal == SIGCHLD { return .childEnded }
            if signal == Self.serves { return .serves(information._sifields._kill.si_pid) }
            if signal == Self.reload { return .reload }
            if stopping.contains(signal) { break }
            if signal == SIGHUP { return hangUp }
            // The wait was interrupted, or the deadline has passed.
            if let deadline, deadline <= .now { return nil }
        }
        sigemptyset(&set)
        for signal in stopping where endsAtSecondStop {
            Glibc.signal(signal, SIG_DFL)
            sigaddset(&set, signal)
        }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        return .stop
    }
}
