import ArgumentParser
import Glibc
import Harness

/// The cost of a turn as its session grows, and of each operation as the number of sessions grows.
struct ScaleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Measure long sessions and many sessions. It needs setpriv and some gigabytes of disk.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Turns per measured length of a session.")
    var turns = 300

    @Option(help: "Session files for list and verify.")
    var sessions = 100_000

    @Option(help: "Session files for create, open and list in a large directory.")
    var crowd = 1_000_000

    func validate() throws {
        guard 10...100_000 ~= turns else { throw ValidationError("--turns is a number from 10 to 100000.") }
        guard 1000...10_000_000 ~= sessions, 1000...10_000_000 ~= crowd else {
            throw ValidationError("--sessions and --crowd are numbers from 1000 to 10000000.")
        }
    }

    func run() throws {
        try NanobotBench.run {
            let workspace = try Workspace(directory: common.directory)
            defer { workspace.remove() }
            let programs = try Programs(nanobot: common.nanobot, workspace: workspace)
            print(Machine.description(directory: common.directory))
            let lengths = LengthMeasurement(programs: programs, workspace: workspace, turns: turns)
            for isSynchronous in [false, true] { print(try lengths.run(isSynchronous: isSynchronous)) }
            print(try lengths.runCold())
            let crowds = CrowdMeasurement(programs: programs, workspace: workspace)
            print(try crowds.commands(sessions: sessions))
            print(try crowds.directories(sizes: [1000, crowd]))
            return true
        }
    }
}
