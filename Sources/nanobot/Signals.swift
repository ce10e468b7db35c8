import Glibc

/// The signals that the program waits for in one place instead of being interrupted by them.
enum Signals {
    private static let stopping = [SIGTERM, SIGINT, SIGHUP]

    private static var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in stopping + [SIGCHLD] { sigaddset(&set, signal) }
        return set
    }

    /// Call before the first thread starts: threads inherit the mask.
    static func block() {
        var set = awaited
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for a signal to stop. Returns early, false, when `childEnded` says so after a child's end.
    static func waitForStop(childEnded: () -> Bool = { false }) -> Bool {
        var set = awaited
        var signal: CInt = 0
        while true {
            guard sigwait(&set, &signal) == 0 else { continue }
            if stopping.contains(signal) { break }
            if childEnded() { return false }
        }
        // The next one ends the process at once.
        for signal in stopping { Glibc.signal(signal, SIG_DFL) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        return true
    }
}
