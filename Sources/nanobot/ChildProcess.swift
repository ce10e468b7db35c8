import Glibc

/// A process that this one started, in a process group of its own: Ctrl-C reaches only this process, so requests in flight can end.
struct ChildProcess {
    let processID: pid_t
    let started = ContinuousClock.now
    /// How it ended, as waitpid(2) reports it; nil while it runs.
    private(set) var status: CInt?

    /// Starts a program with default signal handling.
    ///
    /// - Parameters:
    ///   - arguments: the first is the name that process lists show.
    ///   - standardInput: becomes its descriptor 0; this process's own if nil.
    ///   - blocked: signals that wait until it is ready for them.
    init(_ path: String, _ arguments: [String], standardInput: CInt? = nil, blocking blocked: [CInt] = []) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (mask, all) = (sigset_t(), sigset_t())
        sigemptyset(&mask)
        for signal in blocked { sigaddset(&mask, signal) }
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let standardInput { posix_spawn_file_actions_adddup2(&actions, standardInput, STDIN_FILENO) }
        var argv = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var processID: pid_t = 0
        let error = posix_spawn(&processID, path, &actions, &attributes, &argv, environ)
        guard error == 0 else { throw Failure(description: "\(path) cannot be started: \(String(cString: strerror(error))).") }
        self.processID = processID
    }

    /// True if it has ended; reaps it then.
    mutating func hasEnded() -> Bool {
        var status: CInt = 0
        // An unknown process (ECHILD) does not run either.
        if self.status == nil, waitpid(processID, &status, WNOHANG) != 0 {
            self.status = status
            // It may leave processes of its own behind: if nginx was killed, its workers would keep the port.
            kill(-processID, SIGTERM)
        }
        return self.status != nil
    }

    /// The signal that ended it, if one did.
    var endingSignal: CInt? { status.flatMap { $0 & 0x7f == 0 ? nil : $0 & 0x7f } }

    /// Its exit status; nil if it has not exited by itself.
    var exitStatus: CInt? { status.flatMap { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : nil } }

    /// How it ended, for a log line.
    var end: String { endingSignal.map { "was ended by signal \($0)" } ?? "left with status \(exitStatus ?? 0)" }

    /// Sends a signal, unless the process has ended.
    func send(_ signal: CInt) { if status == nil { kill(processID, signal) } }

    /// Asks it to end with `signal` and waits. After `patience` sends SIGTERM, and 5 s later SIGKILL, which also ends a process that was
    /// stopped (SIGSTOP).
    ///
    /// - Parameter meanwhile: called repeatedly while it waits.
    mutating func stop(by signal: CInt, patience: Duration, meanwhile: () -> Void = {}) {
        let start = ContinuousClock.now
        var due = [(signal, Duration.zero), (SIGTERM, patience), (SIGKILL, patience + .seconds(5))][...]
        while !hasEnded() {
            if let (signal, pause) = due.first, ContinuousClock.now - start >= pause {
                send(signal)
                due.removeFirst()
            }
            meanwhile()
            usleep(5_000)
        }
    }
}
