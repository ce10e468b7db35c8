import Harness

/// Turns that a peer answers at once, sent through nanobot and directly to the peer, in alternation.
struct ProxyMeasurement {
    /// The route of a turn.
    enum Way: String, CaseIterable {
        case direct = "the peer directly"
        case fastCGI = "nanobot"
        case nginx = "nginx and nanobot"
    }

    let programs: Programs
    let workspace: Workspace
    let seconds: Int
    let rounds: Int
    /// Whether answers stream: the first words at once, the others 100 ms later. If so, the time to the first words is measured, if not, the
    /// time to the end.
    let streams: Bool

    /// Measures each way and concurrency, adds up the errors and returns the table.
    func run(isSynchronous: Bool, errors: inout Int) throws -> String {
        let peer = try programs.startPeer()
        let webServer = try WebServer(workspace: workspace)
        let nginx = try webServer.start(.responder(keepsConnections: true))
        let path = streams ? "/100/v1" : "/0/v1"
        try workspace.clear()
        let responder = try programs.startNanobot(
            isSynchronous: isSynchronous,
            environment: [
                "NANOBOT_UPSTREAM_URL": "http://unix:\(workspace.peerSocket):\(path)", "NANOBOT_UPSTREAM_MODEL": "peer",
                "NANOBOT_STREAM": "true", "NANOBOT_HISTORY_MAX_TURNS": "10",
            ])
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        func route(_ way: Way) -> ChatClient.Route {
            switch way {
            case .direct: .http(.unix(workspace.peerSocket), path: path + "/chat/completions")
            case .fastCGI: .fastCGI(socket: workspace.socket)
            case .nginx: .http(.loopback(webServer.port), path: "/v1/chat/completions")
            }
        }
        let durability = isSynchronous ? "sync" : "relaxed"
        var rows: [[String]] = []
        for concurrency in [1, 64] {
            var outcomes: [Way: [ChatClient.Outcome]] = [:]
            for round in 1...rounds {
                for way in Way.allCases {
                    var client = ChatClient(route(way), streams: streams)
                    // Not measured: the first turns open connections and load libcurl.
                    _ = try client.cycle(concurrency, for: .milliseconds(300))
                    outcomes[way, default: []].append(try client.cycle(concurrency, for: .seconds(seconds)))
                    Progress.say("round \(round)/\(rounds), \(concurrency) at once, \(durability), \(way.rawValue)")
                }
            }
            for way in Way.allCases {
                errors += outcomes[way, default: []].reduce(0) { $0 + $1.errors }
                rows.append(["\(concurrency)", way.rawValue] + figures(outcomes[way] ?? [], outcomes[.direct] ?? []))
            }
        }
        try responder.requireRunning()
        nginx.stop()
        responder.stop()
        peer.stop()
        return Report.table(
            [
                (streams ? "first words of a turn" : "turns") + " at once, \(durability)", "through", "turns/s", "÷ direct by round",
                "median",
                "p50 (ms)", "added", "p99 (ms)", "added", "errors",
            ], rows)
    }

    private func figures(_ outcomes: [ChatClient.Outcome], _ direct: [ChatClient.Outcome]) -> [String] {
        func rates(_ outcomes: [ChatClient.Outcome]) -> [Double] { outcomes.map { Double($0.answers.count) / $0.seconds } }
        func time(_ outcomes: [ChatClient.Outcome], _ percent: Int) -> Double {
            outcomes.map { $0.answers.map { streams ? $0.firstWords : $0.whole }.percentile(percent) }.median
        }
        let ratios = zip(rates(outcomes), rates(direct)).map { $0 / $1 }
        let times = [50, 99].flatMap { percent in
            let own = time(outcomes, percent)
            return [own.rounded(to: 2), (own - time(direct, percent)).rounded(to: 2)]
        }
        let errors = outcomes.reduce(0) { $0 + $1.errors }
        return [rates(outcomes).median.grouped, ratios.map { $0.rounded(to: 2) }.joined(separator: " "), ratios.median.rounded(to: 2)]
            + times + [errors == 0 ? "none" : "**\(errors)**"]
    }
}
