import Foundation
import Glibc
import Harness

/// A view of the file system that one process has for itself: what is mounted there goes with the process, however it ends
/// (mount_namespaces(7)).
enum MountNamespace {
    struct Failed: Error {
        var message: String
    }

    /// Whether this user may have one: root may, and others where the system lets them (user_namespaces(7)).
    static func isAvailable() async throws -> Bool {
        let scratch = try TemporaryDirectory()
        let command = wrapper(mounting: 64, at: scratch.path) + ["true"]
        return try await Program.run(command[0], Array(command[1...])).status == 0
    }

    /// A command to put before another, which then runs in a namespace of its own, in the same process.
    ///
    /// - Parameters:
    ///   - size: kibibytes of a file system in memory.
    ///   - path: a directory, which becomes that file system.
    static func wrapper(mounting size: Int, at path: String) -> [String] {
        let script = "mount -t tmpfs -o size=\(size)k,mode=700 tmpfs '\(path)' && exec \"$@\""
        return ["unshare"] + user(["--map-root-user"]) + ["--mount", "sh", "-c", script, "sh"]
    }

    /// A command to put before another, which then finds an empty file in place of each of those given.
    static func wrapper(hiding paths: [String]) -> [String] {
        let script = paths.map { "mount --bind /dev/null '\($0)' && " }.joined() + "exec \"$@\""
        return ["unshare"] + user(["--map-root-user"]) + ["--mount", "sh", "-c", script, "sh"]
    }

    /// A command to put before another, which then finds one directory in a second place, as if it was mounted there.
    static func wrapper(showing path: String, at place: String) -> [String] {
        ["unshare"] + user(["--map-root-user"]) + ["--mount", "sh", "-c", "mount --bind '\(path)' '\(place)' && exec \"$@\"", "sh"]
    }

    /// A command to put before another, which then runs in a process's namespace.
    static func wrapper(entering process: pid_t) -> [String] {
        ["nsenter"] + user(["--preserve-credentials"]) + ["--target", "\(process)", "--mount"]
    }

    /// Runs a shell's command in a process's namespace.
    static func run(_ script: String, in process: pid_t) async throws {
        let command = wrapper(entering: process) + ["sh", "-c", script]
        let outcome = try await Program.run(command[0], Array(command[1...]))
        guard outcome.status == 0 else { throw Failed(message: outcome.standardError) }
    }

    private static func user(_ option: [String]) -> [String] { geteuid() == 0 ? [] : ["--user"] + option }
}
