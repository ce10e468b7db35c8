import Glibc

/// Turns of sessions that are short and long, in one run, in turn.
struct LengthMeasurement {
    let programs: Programs
    let workspace: Workspace
    let turns: Int

    /// How many turns a session has when it is measured.
    private static let lengths = [0, 100, 10_000, 100_000]

    private struct Figures {
        var times: [Double] = []
        /// By the kernel's account, and by the file's growth.
        var written = 0
        var grown = 0
    }

    /// A responder that goes on: its cache has what it read before.
    func run(isSynchronous: Bool) throws -> String {
        let files = try prepare()
        let responder = try programs.startNanobot(isSynchronous: isSynchronous)
        var client = try FastCGIClient.connected(to: workspace.socket, responder)
        var figures = [Figures](repeating: Figures(), count: Self.lengths.count)
        // The first turn of a process builds the model's tables, and the first of a session fills its place in the cache.
        for length in Self.lengths { _ = try client.turn("length\(length)", "What is number 7?") }
        Progress.say("turns by length, \(isSynchronous ? "sync" : "relaxed")")
        for round in 0..<10 {
            for (index, length) in Self.lengths.enumerated() {
                let written = try ProcessFigures.writtenBytes(of: responder.processID)
                // A session's first turn is always another session's.
                let keys = (0..<turns / 10).map { length == 0 ? "first\(round)-\($0)" : "length\(length)" }
                let size = length == 0 ? 0 : try files.size(keys[0])
                for key in keys { figures[index].times.append(try client.turn(key, "What is number \(round)?")) }
                figures[index].written += try ProcessFigures.writtenBytes(of: responder.processID) - written
                figures[index].grown += length == 0 ? try keys.reduce(0) { try $0 + files.size($1) } : try files.size(keys[0]) - size
                try Interruption.pause(.zero)
            }
        }
        let first = figures[0].times.median
        return Report.table(
            [
                "turn, \(isSynchronous ? "sync" : "relaxed")", "p50 (ms)", "p99 (ms)", "p50 ÷ first", "expected", "file bytes",
                "more written", "expected",
            ],
            zip(Self.lengths, figures).map { length, figures in
                let count = figures.times.count
                return [
                    String(length + 1), figures.times.median.rounded(to: 3), figures.times.percentile(99).rounded(to: 3),
                    (figures.times.median / first).rounded(to: 2), "≤ 1.2", String(figures.grown / count),
                    String((figures.written - figures.grown) / count), isSynchronous ? "≤ 4096" : "",
                ]
            })
    }

    /// The first look of a process at a session: what every turn costs where each request is a process of its own.
    func runCold() throws -> String {
        _ = try prepare()
        Progress.say("turns by length, first look")
        var times = [[Double]](repeating: [], count: Self.lengths.count)
        for round in 0..<15 {
            for (index, length) in Self.lengths.enumerated() {
                let responder = try programs.startNanobot(isSynchronous: false)
                var client = try FastCGIClient.connected(to: workspace.socket, responder)
                _ = try client.turn("other", "Hello")
                times[index].append(try client.turn(length == 0 ? "cold\(round)" : "length\(length)", "What is number 7?"))
                responder.stop()
                try Interruption.pause(.zero)
            }
        }
        let hundred = times[1].median
        return Report.table(
            ["turn, a process's first look", "p50 (ms)", "÷ turn 101"],
            zip(Self.lengths, times).map { [String($0 + 1), $1.median.rounded(to: 3), ($1.median / hundred).rounded(to: 2)] })
    }

    private func prepare() throws -> SessionFiles {
        try workspace.clear()
        let responder = try programs.startNanobot(isSynchronous: false)
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        let files = SessionFiles(directory: workspace.sessions)
        for length in Self.lengths { try files.write("length\(length)", turns: length) }
        return files
    }
}
