import Glibc
import Harness

/// Many sessions in one directory.
struct CrowdMeasurement {
    let programs: Programs
    let workspace: Workspace

    /// Measures the session commands over all sessions.
    func commands(sessions count: Int) throws -> String {
        try workspace.clear()
        try prepare().write(count: count, prefix: "dm", turns: 2)
        let rows = try [["list"], ["list", "--json"], ["verify"]].map { arguments in
            Progress.say("sessions \(arguments.joined(separator: " "))")
            let run = try OwnedProcess.run([programs.nanobot, "sessions"] + arguments + workspace.options)
            return [
                "sessions " + arguments.joined(separator: " "), Double(count).grouped, run.seconds.rounded(to: 2),
                (Double(count) / run.seconds).grouped, run.peakMegabytes.rounded(to: 1),
            ]
        }
        return Report.table(["command", "sessions", "seconds", "sessions/s", "peak memory (MB)"], rows)
    }

    /// Measures directories of several sizes, one after the other.
    func directories(sizes: [Int]) throws -> String {
        var first: [Double]?
        let rows = try sizes.map { size in
            try workspace.clear()
            Progress.say("a directory of \(Double(size).grouped) sessions")
            try prepare().write(count: size, prefix: "dm", turns: 2)
            let responder = try programs.startNanobot(isSynchronous: false)
            let client = try FastCGIClient.connected(to: workspace.socket, responder)
            _ = try client.turn("other", "Hello")
            let create = try (0..<1000).map { try client.turn("new\($0)", "Hello") }.median
            // Far apart, so that no directory block is read twice by chance.
            let open = try (0..<1000).map { try client.turn("dm\($0 * (size / 1000))", "Hello") }.median
            responder.stop()
            let list = try OwnedProcess.run([programs.nanobot, "sessions", "list"] + workspace.options)
            let figures = [create, open, list.seconds * 1e6 / Double(size + 1001)]
            let base = first ?? figures
            first = base
            return [Double(size).grouped]
                + zip(figures, base).map { "\($0.rounded(to: 3)) (\(($0 / $1).rounded(to: 2)))" } + [list.peakMegabytes.rounded(to: 1)]
        }
        return Report.table(
            [
                "sessions in the directory", "first turn of a new one (ms, ÷ first row)", "next turn of an old one (ms, ÷ first row)",
                "list (µs a session, ÷ first row)", "list, peak memory (MB)",
            ], rows)
    }

    private func prepare() throws -> SessionFiles {
        let responder = try programs.startNanobot(isSynchronous: false)
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        return SessionFiles(directory: workspace.sessions)
    }
}
