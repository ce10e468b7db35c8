import Glibc
import Harness

/// Turns of short and long sessions, measured in alternation.
struct LengthMeasurement {
    let programs: Programs
    let workspace: Workspace
    let turns: Int

    /// The numbers of turns in the measured sessions.
    private static let lengths = [0, 100, 10_000, 100_000]

    private struct Figures {
        var times: [Double] = []
        /// Bytes written by the kernel's account, and by the growth of the file.
        var written = 0
        var grown = 0
    }

    /// Measures a running responder, whose cache is warm.
    func run(isSynchronous: Bool) throws -> String {
        let files = try prepare()
        let responder = try programs.startNanobot(isSynchronous: isSynchronous)
        let client = try FastCGIClient.connected(to: workspace.socket, responder)
        var figures = [Figures](repeating: Figures(), count: Self.lengths.count)
        // Not measured: a process's first turn builds the model's tables, a session's first one fills the cache.
        for length in Self.lengths { _ = try client.turn("length\(length)", "What is number 7?") }
        Progress.say("turns by length, \(isSynchronous ? "sync" : "relaxed")")
        for round in 0..<10 {
            for (index, length) in Self.lengths.enumerated() {
                let written = try ProcessFigures.writtenBytes(of: responder.processID)
                // Each first turn needs a session of its own.
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

    /// Measures a process's first turn of a session, which is the cost of every turn over CGI.
    func runCold() throws -> String {
        _ = try prepare()
        Progress.say("turns by length, first look")
        var times = [[Double]](repeating: [], count: Self.lengths.count)
        for round in 0..<15 {
            for (index, length) in Self.lengths.enumerated() {
                let responder = try programs.startNanobot(isSynchronous: false)
                let client = try FastCGIClient.connected(to: workspace.socket, responder)
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
