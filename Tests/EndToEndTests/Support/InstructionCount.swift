import Foundation
import Harness
import TestSupport
import Testing

/// The release build under valgrind's callgrind, which counts a process's instructions: unlike time, they are the same on a busy machine.
struct InstructionCount {
    private let home: TemporaryDirectory
    private let program: String

    /// Needs the release build, valgrind, and strip: valgrind cannot read some of the debugging information that clang writes.
    init() async throws {
        let environment = ProcessInfo.processInfo.environment
        let release = try #require(
            environment["NANOBOT_RELEASE_BINARY"] ?? environment["NANOBOT_BINARY"],
            "Instructions are counted in a release build: set NANOBOT_BINARY to the path that deploy/build prints.")
        home = try TemporaryDirectory()
        program = home.file("nanobot")
        let outcome = try await Program.run("strip", ["-o", program, release])
        try #require(outcome.status == 0, "\(outcome.standardError)")
    }

    /// Runs the program to its end.
    ///
    /// - Parameter input: its standard input.
    func run(_ arguments: [String], _ variables: [String: String], input: [UInt8]) async throws -> (count: Int, outcome: Program.Outcome) {
        let options = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program]
        let outcome = try await Self.outcome("valgrind", options + arguments, variables, input: input)
        let count = outcome.standardError.firstMatch(of: /Collected : (\d+)/).flatMap { Int($0.1) }
        return (try #require(count, "valgrind counted nothing: \(outcome.standardError)"), outcome)
    }

    /// Runs a program with a file as its standard input.
    static func outcome(
        _ executable: String, _ arguments: [String], _ variables: [String: String], input: [UInt8]
    ) async throws -> Program.Outcome {
        let files = try TemporaryDirectory()
        let descriptor = open(try files.file("input", input), O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        return try await Program(executable, arguments, environment: variables, input: descriptor).outcome()
    }
}
