import Foundation
import Glibc
import TestSupport

/// A process that a test started, with its output in files.
struct Program: Sendable {
    /// How a process ended.
    struct Outcome: Sendable {
        /// The exit status, or 128 and the number of the signal that ended it, as a shell says it.
        var status: Int
        var standardOutput: [UInt8]
        var standardError: String
    }

    struct StartFailed: Error {
        var executable: String
        var error: CInt
    }

    struct DidNotEnd: Error, CustomStringConvertible {
        var description: String
    }

    let processID: pid_t
    private let command: String
    private let output: Scratch

    /// Starts an executable with nothing on standard input.
    ///
    /// - Parameter descriptor: one that the process gets under the same number, though others do not.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = Program.environment,
        inheriting descriptor: CInt? = nil
    ) throws {
        Self.keepsInherited
        command = ([executable] + arguments).joined(separator: " ")
        output = try Scratch()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path + "/stdout", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, output.path + "/stderr", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // To its own number: the close-on-exec flag goes (posix_spawn_file_actions_adddup2(3p)).
        if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor) }

        // A shell's background job ignores SIGINT, and so would what it starts.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = ([executable] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for string in argv + envp { free(string) } }
        var child: pid_t = 0
        let error = posix_spawnp(&child, executable, &actions, &attributes, &argv, &envp)
        guard error == 0 else { throw StartFailed(executable: executable, error: error) }
        processID = child
    }

    /// What every process gets: nothing of the tester's own settings.
    static let environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]

    /// What the tester's shell left open stays with the tests: it would count against a program's limit on descriptors.
    private static let keepsInherited: Void = {
        for descriptor in CInt(3)..<256 where fcntl(descriptor, F_GETFD) >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }()

    var standardOutput: [UInt8] { contents("stdout") }
    var standardError: String { String(decoding: contents("stderr"), as: UTF8.self) }

    func send(_ signal: CInt) { kill(processID, signal) }

    /// Waits for the end. One that does not end in time is killed, and that is an error.
    func outcome(within limit: Duration = .seconds(120)) async throws -> Outcome {
        var status: CInt = 0
        guard try await eventually(within: limit, { waitpid(processID, &status, WNOHANG) == processID }) else {
            send(SIGKILL)
            waitpid(processID, &status, 0)
            throw DidNotEnd(description: "process \(processID) did not end within \(limit): \(command); it wrote: \(standardError)")
        }
        let signal = Int(status & 0x7f)
        return Outcome(
            status: signal == 0 ? Int(status >> 8 & 0xff) : 128 + signal, standardOutput: standardOutput, standardError: standardError)
    }

    /// Runs an executable to its end.
    static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = Program.environment
    ) async throws -> Outcome {
        try await Program(executable, arguments, environment: environment).outcome()
    }

    private func contents(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: output.path + "/" + name).map { Array($0) } ?? []
    }
}
