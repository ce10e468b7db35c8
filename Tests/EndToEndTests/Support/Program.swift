import Foundation
import Glibc
import Harness
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

    struct DidNotEnd: Error, CustomStringConvertible {
        var description: String
    }

    var processID: pid_t { child.processID }
    private let child: ChildProcess
    private let command: String
    private let output: TemporaryDirectory

    /// Starts an executable.
    ///
    /// - Parameter input: its standard input; /dev/null if nil.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = Program.environment, input: CInt? = nil
    ) throws {
        command = ([executable] + arguments).joined(separator: " ")
        output = try TemporaryDirectory()
        child = try ChildProcess(
            [executable] + arguments, environment: environment, input: input, output: output.file("stdout"), error: output.file("stderr"))
    }

    /// What every process gets: nothing of the tester's own settings.
    static let environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]

    var standardOutput: [UInt8] { contents("stdout") }
    var standardError: String { String(decoding: contents("stderr"), as: UTF8.self) }

    var hasEnded: Bool { child.hasEnded }

    func send(_ signal: CInt) { child.send(signal) }

    /// Waits for the end. One that does not end in time is killed, and that is an error.
    func outcome(within limit: Duration = .seconds(120)) async throws -> Outcome {
        guard try await eventually(within: limit, { child.hasEnded }) else {
            send(SIGKILL)
            child.reap()
            throw DidNotEnd(description: "process \(processID) did not end within \(limit): \(command); it wrote: \(standardError)")
        }
        return Outcome(status: child.reap().status, standardOutput: standardOutput, standardError: standardError)
    }

    /// Runs an executable to its end.
    static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = Program.environment
    ) async throws -> Outcome {
        try await Program(executable, arguments, environment: environment).outcome()
    }

    private func contents(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: output.file(name)).map { Array($0) } ?? []
    }
}
