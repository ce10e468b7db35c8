import FoundationEssentials
import Glibc

/// A process that this one started. It ends with its owner, and by SIGTERM when this process dies, however it does.
struct ChildProcess: ~Copyable {
    let processID: pid_t
    private let name: String
    /// Whether the kernel has given the identifier back: it may be another process's.
    private var isReaped = false

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: the program's path and its arguments.
    ///   - environment: variables that replace this process's.
    ///   - output: the file that takes standard output.
    ///   - isTethered: whether it ends when this process dies. It costs one more exec, which a measured start must not contain.
    init(_ arguments: [String], environment: [String: String] = [:], output: String? = nil, isTethered: Bool = true) throws {
        name = arguments[0]
        var arguments = arguments
        // util-linux; the setting survives exec (prctl(2), PR_SET_PDEATHSIG).
        if isTethered { arguments = [try Self.find("setpriv", package: "util-linux"), "--pdeathsig", "TERM"] + arguments }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A process group of its own: Ctrl-C reaches this process alone, which ends the others.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o600)

        let merged = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("NANOBOT_") }
            .merging(environment) { _, new in new }
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var processID: pid_t = 0
        let status = posix_spawn(&processID, arguments[0], &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw Failure(description: "\(name) cannot be started: \(String(cString: strerror(status))).") }
        self.processID = processID
    }

    deinit {
        guard !isReaped else { return }
        kill(processID, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(5)
        while waitpid(processID, nil, WNOHANG) == 0 {
            // With all that it started: they are of its process group.
            if ContinuousClock.now > deadline { kill(-processID, SIGKILL) }
            usleep(500)
        }
    }

    /// Ends it and waits for that.
    consuming func stop() {}

    /// Throws if it has ended.
    func requireRunning() throws {
        var information = siginfo_t()
        // WNOWAIT: the identifier stays this child's until `deinit` has sent its signal.
        waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT)
        guard information.si_signo == 0 else { throw Failure(description: "\(name) ended by itself; its messages are above.") }
    }

    /// Returns when somebody listens on a loopback port, which it is to do. Throws if it takes longer than 10 s, or ends.
    func waitUntilListening(on port: UInt16, _ what: String) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            if let descriptor = Address.loopback(port: port).connected() {
                close(descriptor)
                return
            }
            try requireRunning()
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "\(what) does not listen on port \(port) after 10 s.")
            }
            try Interruption.pause(.milliseconds(5))
        }
    }

    /// Waits until it ends by itself. Throws if it takes longer than `limit`.
    func waitForEnd(within limit: Duration, poll: Duration = .milliseconds(100)) throws {
        let deadline = ContinuousClock.now + limit
        while true {
            var information = siginfo_t()
            waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT)
            if information.si_signo != 0 { return }
            guard ContinuousClock.now < deadline else { throw Failure(description: "\(name) did not end within \(limit).") }
            try Interruption.pause(poll)
        }
    }

    /// Runs a program to its end, its output thrown away. Throws where its status is not 0.
    static func run(_ arguments: [String]) throws -> (seconds: Double, peakMegabytes: Double) {
        let begin = ContinuousClock.now
        var child = try ChildProcess(arguments, isTethered: false)
        try child.waitForEnd(within: .seconds(3600), poll: .milliseconds(1))
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        var (usage, status) = (rusage(), CInt(0))
        wait4(child.processID, &status, 0, &usage)
        child.isReaped = true
        guard status == 0 else { throw Failure(description: "\(arguments.joined(separator: " ")) failed.") }
        return (seconds, Double(usage.ru_maxrss) * 1024 / 1e6)
    }

    /// Looks a program up on PATH, and where Debian has servers, which is not on every user's PATH.
    static func find(_ name: String, package: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let found = (path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else { throw Failure(description: "The program \(name) is missing. Install it: apt-get install \(package).") }
        return found
    }
}
