import ArgumentParser
import Glibc

/// Measures nanobot and prints tables in Markdown.
@main
struct NanobotBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nanobot-bench",
        abstract: "Measure nanobot.",
        discussion: """
            Tables go to standard output, progress to standard error. The ratios are reported and not judged; \
            an error in an answer makes the exit status 1.
            """,
        subcommands: [ThroughputBench.self, ScaleBench.self, ResponsesBench.self, UpstreamBench.self, CGIBench.self, PeerCommand.self],
        defaultSubcommand: ThroughputBench.self)

    /// Runs a benchmark and prints the error that ends it.
    static func run(_ body: () throws -> Bool) throws {
        Interruption.block()
        Descriptors.raiseLimit()
        do {
            guard try body() else { throw ExitCode.failure }
        } catch let error as ExitCode {
            throw error
        } catch {
            Progress.say("nanobot-bench: \(error)")
            throw ExitCode.failure
        }
    }
}

/// The options of every benchmark.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The program to measure (default: the one beside this one).", valueName: "path"))
    var nanobot: String?

    @Option(help: "Where sessions are written: its disk is what a sync measurement measures.")
    var directory = "/var/tmp"
}

/// An error with one sentence that says what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Progress on standard error; standard output has only the tables.
enum Progress {
    static func say(_ text: String) {
        let line = Array("\(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
