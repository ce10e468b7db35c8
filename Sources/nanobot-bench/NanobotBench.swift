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
        subcommands: [ThroughputBench.self, ScaleBench.self, UpstreamBench.self, PeerCommand.self],
        defaultSubcommand: ThroughputBench.self)

    /// Runs a benchmark and says what stopped it.
    static func run(_ body: () throws -> Bool) throws {
        Interruption.block()
        Descriptors.raiseLimit()
        do {
            guard try body() else { throw ExitCode.failure }
        } catch let error as Failure {
            Progress.say("nanobot-bench: \(error)")
            throw ExitCode.failure
        }
    }
}

/// What every benchmark takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The program to measure (default: the one beside this one).", valueName: "path"))
    var nanobot: String?

    @Option(help: "Where sessions are written: its disk is what a sync measurement measures.")
    var directory = "/var/tmp"
}

/// One sentence that says what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

/// Lines for whoever waits; the tables on standard output stay clean of them.
enum Progress {
    static func say(_ text: String) {
        let line = Array("\(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
