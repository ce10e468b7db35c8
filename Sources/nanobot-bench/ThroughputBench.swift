import ArgumentParser
import FoundationEssentials

/// Requests per second behind nginx, beside a C program on libfcgi.
struct ThroughputBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Measure nanobot behind nginx beside a C program on libfcgi. It needs nginx, wrk and setpriv.")

    @Option(help: "Seconds per measurement.")
    var seconds = 5

    @Option(help: "How often each measurement is made; medians are reported.")
    var rounds = 3

    @Option(help: "Connections that send requests.")
    var connections = 64

    @Option(help: ArgumentHelp("Thread counts of the C program, with commas between.", valueName: "counts"))
    var threads = Counts(values: [8, 64])

    @OptionGroup var common: CommonOptions

    @Option(help: ArgumentHelp("Measure only what has this in its name: health, relaxed, sync, keep-alive, start.", valueName: "text"))
    var only: String?

    func validate() throws {
        guard 1...3600 ~= seconds else { throw ValidationError("--seconds is a number from 1 to 3600.") }
        guard 1...1000 ~= rounds else { throw ValidationError("--rounds is a number from 1 to 1000.") }
        guard 1...1000 ~= connections else { throw ValidationError("--connections is a number from 1 to 1000.") }
        guard includesStart || !cases.isEmpty else { throw ValidationError("Nothing that is measured has \"\(only ?? "")\" in its name.") }
    }

    func run() throws { try NanobotBench.run(measure) }

    private var includesStart: Bool { only.map { StartMeasurement.name.contains($0) } ?? true }
    private var cases: [Case] { Case.all.filter { only.map($0.name.contains) ?? true } }

    /// Returns false if an answer was an error.
    private func measure() throws -> Bool {
        let workspace = try Workspace(directory: common.directory)
        defer { workspace.remove() }
        let programs = try Programs(nanobot: common.nanobot, workspace: workspace)
        print(Machine.description(directory: common.directory))

        if includesStart {
            Progress.say("start: \(StartMeasurement.repetitions) times")
            let start = try StartMeasurement.run(programs, workspace)
            print(Report.start(start))
        }
        let bench = Bench(
            programs: programs, workspace: workspace, webServer: try WebServer(workspace: workspace),
            load: try LoadGenerator(connections: connections, seconds: seconds, workspace: workspace))
        var results = cases.map { CaseResults($0, threads: $0.threadCounts(threads.values, connections: connections)) }
        for round in 1...rounds where !results.isEmpty {
            for index in results.indices { try bench.measure(&results[index], round: round, of: rounds) }
        }
        guard !results.isEmpty else { return true }
        print(Report.ratios(results))
        print(Report.figures(results))
        print(Report.notes(results, rounds: rounds, seconds: seconds, connections: connections))
        return results.allSatisfy { $0.errors == 0 }
    }
}
