import CLinux
import FoundationEssentials
import Glibc

/// A process that a test or the benchmark started. It has the standard streams that it is given, no other descriptor of its parent's, and
/// the signals as a new process expects them.
package struct ChildProcess: Sendable {
    package struct StartFailed: Error, CustomStringConvertible {
        package let description: String
    }

    /// How a process ended.
    package struct Ending: Sendable {
        /// The exit status, or 128 and the number of the signal that ended it, as a shell says it.
        package var status: Int
        /// Bytes of resident memory at its peak.
        package var peakMemory: Int
    }

    package let processID: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program, which is looked up on the environment's PATH unless it is a path, and its arguments.
    ///   - input: a descriptor that becomes its standard input; /dev/null if nil.
    ///   - output: the file that takes its standard output.
    ///   - error: the file that takes its standard error; this process's standard error if nil.
    ///   - hasOwnGroup: whether it leads a process group: Ctrl-C does not reach it then.
    ///   - isTethered: whether it gets SIGTERM when the thread that starts it ends (PR_SET_PDEATHSIG). That costs one more exec.
    package init(
        _ command: [String], environment: [String: String], input: CInt? = nil, output: String = "/dev/null", error: String? = nil,
        hasOwnGroup: Bool = false, isTethered: Bool = false
    ) throws(StartFailed) {
        // util-linux; the setting survives exec (prctl(2)).
        let command = (isTethered ? ["setpriv", "--pdeathsig", "TERM"] : []) + command
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        let writing = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, writing, 0o600)
        if let error { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error, writing, 0o600) }
        // A socket of this process that another one inherits stays open after its close here.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)

        // A shell's background job ignores SIGINT, and so would what it starts.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = hasOwnGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

        guard let path = Self.path(of: command[0], in: environment["PATH"] ?? "") else {
            throw StartFailed(description: "The program \(command[0]) is missing.")
        }
        var argv = command.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in argv + envp { free(string) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, path, &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw StartFailed(description: "\(path) cannot be started: \(String(cString: strerror(status))).") }
        processID = child
    }

    /// Looks a program up on a PATH, and where Debian has servers, which is not on every user's PATH.
    package static func path(of program: String, in path: String) -> String? {
        guard !program.contains("/") else { return program }
        return (path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Sends it a signal. Its identifier stays its own until `reap()`.
    package func send(_ signal: CInt) { kill(processID, signal) }

    /// Sends a signal to its process group, which it has to lead.
    package func sendToGroup(_ signal: CInt) { kill(-processID, signal) }

    /// True from its end until `reap()`.
    package var hasEnded: Bool {
        var information = siginfo_t()
        waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT)
        return information.si_signo != 0
    }

    /// Waits for its end and gives its identifier back to the kernel. To be called once.
    @discardableResult
    package func reap() -> Ending {
        var (usage, status) = (rusage(), CInt(0))
        while wait4(processID, &status, 0, &usage) < 0, errno == EINTR {}
        let signal = Int(status & 0x7f)
        // Kibibytes (getrusage(2)).
        return Ending(status: signal == 0 ? Int(status >> 8 & 0xff) : 128 + signal, peakMemory: Int(usage.ru_maxrss) * 1024)
    }
}
