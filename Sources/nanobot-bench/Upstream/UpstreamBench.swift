import ArgumentParser

/// The cost of nanobot between a client and a model on another server.
struct UpstreamBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstream",
        abstract: "Measure chats that an upstream answers. It needs nginx, openssl and setpriv.")

    /// A part that can be measured alone.
    enum Part: String, CaseIterable, ExpressibleByArgument {
        case waiting
        case turns
        case firstWords = "first-words"
    }

    @Option(help: ArgumentHelp("How many chats wait at once, with commas between.", valueName: "counts"))
    var chats = Counts(values: [1000, 5000, 10_000])

    @Option(help: "Seconds that a chat waits for its answer.")
    var delay = 5

    @Option(help: "Seconds per measurement of turns.")
    var seconds = 5

    @Option(help: "How often turns are measured; medians are reported.")
    var rounds = 3

    @Option(help: "Measure only this.")
    var only: Part?

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard 1...60 ~= delay else { throw ValidationError("--delay is a number from 1 to 60.") }
        guard 1...3600 ~= seconds else { throw ValidationError("--seconds is a number from 1 to 3600.") }
        guard 1...1000 ~= rounds else { throw ValidationError("--rounds is a number from 1 to 1000.") }
    }

    func run() throws { try NanobotBench.run(measure) }

    /// Returns false if an answer was an error.
    private func measure() throws -> Bool {
        let workspace = try Workspace(directory: common.directory)
        defer { workspace.remove() }
        let programs = try Programs(nanobot: common.nanobot, workspace: workspace)
        print(Machine.description(directory: common.directory))
        var errors = 0
        func includes(_ part: Part) -> Bool { only == nil || only == part }
        if includes(.waiting) {
            let waiting = WaitingMeasurement(programs: programs, workspace: workspace, delay: .seconds(delay))
            print(try waiting.run(rows, errors: &errors))
        }
        if includes(.turns) {
            for isSynchronous in [false, true] {
                let turns = ProxyMeasurement(
                    programs: programs, workspace: workspace, seconds: seconds, rounds: rounds, streams: false)
                print(try turns.run(isSynchronous: isSynchronous, errors: &errors))
            }
        }
        if includes(.firstWords) {
            let words = ProxyMeasurement(programs: programs, workspace: workspace, seconds: seconds, rounds: rounds, streams: true)
            print(try words.run(isSynchronous: true, errors: &errors))
        }
        return errors == 0
    }

    /// Every count over HTTP/2. If there are enough descriptors also over HTTP/1.1, which takes two for each chat, and the smallest count
    /// behind nginx, which takes two as well.
    private var rows: [(Int, WaitingMeasurement.Way)] {
        chats.values.flatMap { count in
            var rows = [(count, WaitingMeasurement.Way())]
            guard count * 2 < Descriptors.limit - 100 else { return rows }
            rows.append((count, WaitingMeasurement.Way(isShared: false)))
            if count == chats.values.min() { rows.append((count, WaitingMeasurement.Way(isBehindNginx: true))) }
            return rows
        }
    }
}
