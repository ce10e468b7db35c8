import Glibc

/// The signals that the program waits for in one place, instead of being interrupted by them.
enum Signals {
    enum Event {
        /// The program should stop.
        case stop
        /// At least one child has ended.
        case childEnded
    }

    private static let stopping = [SIGTERM, SIGINT, SIGHUP]

    private static var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in stopping + [SIGCHLD] { sigaddset(&set, signal) }
        return set
    }

    /// Blocks them. Call it before the first thread starts: threads inherit the mask.
    static func block() {
        // If SIGCHLD were inherited as ignored, waitpid(2) could not tell how a child ended.
        signal(SIGCHLD, SIG_DFL)
        var set = awaited
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for a signal; nil if the deadline passes. After `stop`, the next signal to stop ends the process at once.
    static func wait(until deadline: ContinuousClock.Instant? = nil) -> Event? {
        var set = awaited
        while true {
            let signal: CInt
            if let deadline {
                let (seconds, attoseconds) = max(.zero, ContinuousClock.now.duration(to: deadline)).components
                var timeout = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
                signal = sigtimedwait(&set, nil, &timeout)
            } else {
                signal = sigwaitinfo(&set, nil)
            }
            if signal == SIGCHLD { return .childEnded }
            if stopping.contains(signal) { break }
            // The wait was interrupted, or the deadline has passed.
            if let deadline, deadline <= .now { return nil }
        }
        for signal in stopping { Glibc.signal(signal, SIG_DFL) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        return .stop
    }
}
