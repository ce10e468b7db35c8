import Glibc

/// A process that this one started. It is in a process group of its own: Ctrl-C reaches this process alone, and what is in flight can end.
struct ChildProcess {
    let processID: pid_t
    let started = ContinuousClock.now
    /// How it ended, as waitpid(2) says it; nil while it runs.
    private(set) var status: CInt?

    /// Starts a program, with the signals as a new process expects them.
    ///
    /// - Parameters:
    ///   - arguments: the first one is the name under which it is shown.
    ///   - standardInput: a descriptor that becomes its descriptor 0; this process's own where nil.
    init(_ path: String, _ arguments: [String], standardInput: CInt? = nil) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
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

    /// Whether it has ended. Reaps it then.
    mutating func hasEnded() -> Bool {
        var status: CInt = 0
        // Not 0 where nothing is known of it (ECHILD), too: it does not run.
        if self.status == nil, waitpid(processID, &status, WNOHANG) != 0 {
            self.status = status
            // What it started itself and did not end, such as nginx's workers where nginx was killed: they would keep the port.
            kill(-processID, SIGTERM)
        }
        return self.status != nil
    }

    /// The signal that ended it; nil where none did.
    var endingSignal: CInt? { status.flatMap { $0 & 0x7f == 0 ? nil : $0 & 0x7f } }

    /// What it left with; nil where it did not end by itself.
    var exitStatus: CInt? { status.flatMap { $0 & 0x7f == 0 ? $0 >> 8 & 0xff : nil } }

    /// Sends it a signal, unless it has ended.
    func send(_ signal: CInt) { if status == nil { kill(processID, signal) } }

    /// Asks it to end by a signal, and waits for that. After a time it insists with SIGTERM, and 5 s later with SIGKILL, which ends a process
    /// that was stopped (SIGSTOP), too.
    ///
    /// - Parameter meanwhile: is run again and again while it waits.
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
