import Glibc

/// Signals that ask the program to stop. It takes them where it waits, and so ends what it started first.
enum Interruption {
    private static let stopping = [SIGINT, SIGTERM, SIGHUP]

    private static var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in stopping + [SIGCHLD] { sigaddset(&set, signal) }
        return set
    }

    /// Blocks the signals. Call it first, while the program has one thread.
    static func block() {
        var set = awaited
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for `duration`, or until a child ends. Throws if a signal asks to stop.
    static func pause(_ duration: Duration) throws {
        var set = awaited
        let (seconds, attoseconds) = duration.components
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        if stopping.contains(sigtimedwait(&set, nil, &time)) { throw Failure(description: "Stopped by a signal.") }
    }
}
