import ArgumentParser
import Harness

/// What a turn costs by the Responses API, beside one by chat completions.
struct ResponsesBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "responses", abstract: "Measure turns by the Responses API beside turns by chat completions.")

    @OptionGroup var common: CommonOptions

    @Option(help: "Rounds, in each of which every kind of turn is measured.")
    var rounds = 15

    @Option(help: "Turns per kind and round.")
    var turns = 400

    private struct Kind {
        var name: String
        var path: String
        var body: String
    }

    private static let text = "Hello there, what is two plus two?"

    /// In pairs: by chat completions, and by the Responses API.
    private static let kinds = [false, true].flatMap { streams in
        let (name, option) = streams ? ("streamed", #","stream":true"#) : ("whole", "")
        return [
            Kind(name: name, path: "/v1/chat/completions", body: #"{"messages":[{"role":"user","content":"\#(text)"}]\#(option)}"#),
            Kind(name: name, path: "/v1/responses", body: #"{"input":"\#(text)"\#(option)}"#),
        ]
    }

    func validate() throws {
        guard 1...1000 ~= rounds, 10...100_000 ~= turns else {
            throw ValidationError("--rounds is a number from 1 to 1000, --turns one from 10 to 100000.")
        }
    }

    func run() throws {
        try NanobotBench.run {
            let workspace = try Workspace(directory: common.directory)
            defer { workspace.remove() }
            let programs = try Programs(nanobot: common.nanobot, workspace: workspace)
            print(Machine.description(directory: common.directory))
            try workspace.clear()
            let responder = try programs.startNanobot(isSynchronous: false, environment: ["NANOBOT_STREAM": "true"])
            let client = try FastCGIClient.connected(to: workspace.socket, responder)
            var times = [[Double]](repeating: [], count: Self.kinds.count)
            // The first round is not measured: it fills the caches.
            for round in 0...rounds {
                for index in round.isMultiple(of: 2) ? Array(Self.kinds.indices) : Self.kinds.indices.reversed() {
                    let before = try ProcessFigures(of: responder.processID).cpuSeconds
                    for turn in 0..<turns { try ask(Self.kinds[index], session: "s\(turn % 50)", client) }
                    let used = try ProcessFigures(of: responder.processID).cpuSeconds - before
                    if round > 0 { times[index].append(used / Double(turns) * 1e6) }
                }
                try Interruption.pause(.zero)
            }
            print(
                Report.table(
                    ["turn, relaxed", "by chat completions (µs of CPU)", "by responses", "ratio", "expected"],
                    stride(from: 0, to: Self.kinds.count, by: 2).map { index in
                        let ratios = zip(times[index], times[index + 1]).map { $1 / max($0, 1) }
                        return [
                            Self.kinds[index].name, times[index].median.rounded(to: 1), times[index + 1].median.rounded(to: 1),
                            ratios.median.rounded(to: 2), "≤ 1.15",
                        ]
                    }))
            return true
        }
    }

    private func ask(_ kind: Kind, session: String, _ client: FastCGIClient) throws {
        let headers = [("HTTP_X_SESSION_KEY", session), ("CONTENT_TYPE", "application/json")]
        let records = [Record].http(method: "POST", path: kind.path, headers: headers, body: Array(kind.body.utf8))
        let reply = try client.ask(records, within: .seconds(30))
        guard reply.stdout.starts(with: "Status: 200".utf8) else {
            throw Failure(description: "\(kind.path) was not answered: \(reply.text)")
        }
    }
}
