import Glibc
import Harness

/// Many chats that wait for their model at once.
struct WaitingMeasurement {
    /// How chats reach nanobot, and how nanobot reaches the peer.
    struct Way {
        var isBehindNginx = false
        /// HTTP/2 over TLS, or HTTP/1.1 over a Unix socket.
        var isShared = true
    }

    let programs: Programs
    let workspace: Workspace
    /// How long the peer takes to answer.
    let delay: Duration

    private struct Figures {
        var outcome: ChatClient.Outcome
        /// The most chats that the peer had open at once, and nanobot's figures at that moment.
        var waiting = 0
        var process: ProcessFigures?
    }

    /// Measures each way, adds up the errors and returns the table.
    func run(_ rows: [(chats: Int, way: Way)], errors: inout Int) throws -> String {
        let peer = try programs.startPeer()
        let certificate = try Certificate(in: workspace)
        let front = try WebServer(workspace: workspace)
        let nginx = try front.start(
            .encrypted(socket: workspace.peerSocket, certificate: certificate.path, key: certificate.keyPath))
        var direct: [Int: Figures] = [:]
        let table = try rows.map { chats, way in
            Progress.say("\(chats) chats\(way.isBehindNginx ? ", nginx" : "")\(way.isShared ? "" : ", HTTP/1.1")")
            let path = "/\(Int(delay / .milliseconds(1)))/v1"
            if direct[chats] == nil {
                var client = ChatClient(.http(.unix(workspace.peerSocket), path: path + "/chat/completions"))
                direct[chats] = try load(&client, chats, nil)
            }
            let url = way.isShared ? "https://127.0.0.1:\(front.port)\(path)" : "http://unix:\(workspace.peerSocket):\(path)"
            let (figures, idle, cpu) = try measure(chats, way, url, certificate)
            errors += figures.outcome.errors + (direct[chats]?.outcome.errors ?? 0)
            return row(chats, way, figures, direct[chats], idle: idle, cpu: cpu)
        }
        nginx.stop()
        peer.stop()
        return Report.table(
            [
                "chats", "through", "to the peer", "failed", "waiting at once", "KiB a chat", "goal", "threads", "goal",
                "asked directly, p50, p99 (ms)", "nanobot, p50, p99 (ms)", "added, p50, p99 (ms)", "CPU ms a chat",
            ], table)
    }

    private func measure(
        _ chats: Int, _ way: Way, _ url: String, _ certificate: Certificate
    ) throws -> (Figures, idle: ProcessFigures, cpu: Double) {
        try workspace.clear()
        let responder = try programs.startNanobot(
            isSynchronous: true,
            environment: [
                "NANOBOT_UPSTREAM_URL": url, "NANOBOT_UPSTREAM_MODEL": "peer", "SSL_CERT_FILE": certificate.path,
                // One connection for each chat, and one more.
                "NANOBOT_LIMITS_CONNECTIONS": String(max(8, chats + 1)),
            ])
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        // Sessions that exist already: ten thousand new files at once would measure the file system.
        try SessionFiles(directory: workspace.sessions).write(count: chats, prefix: "crowd-", turns: 2)
        sync()
        let idle = try ProcessFigures(of: responder.processID)
        var client = ChatClient(.fastCGI(socket: workspace.socket))
        let webServer = try WebServer(workspace: workspace)
        let nginx = way.isBehindNginx ? try webServer.start(.responder(keepsConnections: true)) : nil
        if way.isBehindNginx { client = ChatClient(.http(.loopback(webServer.port), path: "/v1/chat/completions")) }
        let figures = try load(&client, chats, responder.processID)
        try responder.requireRunning()
        let cpu = try ProcessFigures(of: responder.processID).cpuSeconds - idle.cpuSeconds
        nginx?.stop()
        responder.stop()
        return (figures, idle, cpu)
    }

    /// Sends all chats before the first answer is due, so that all wait at once.
    private func load(_ client: inout ChatClient, _ chats: Int, _ processID: Int32?) throws -> Figures {
        let count = try PeerCount(socket: workspace.peerSocket)
        var (waiting, process) = (0, ProcessFigures?.none)
        let outcome = try client.crowd(chats, over: delay * 0.8) {
            let now = try count.waiting()
            if now > waiting { (waiting, process) = (now, try processID.map { try ProcessFigures(of: $0) }) }
        }
        return Figures(outcome: outcome, waiting: waiting, process: process)
    }

    private func row(_ chats: Int, _ way: Way, _ figures: Figures, _ direct: Figures?, idle: ProcessFigures, cpu: Double) -> [String] {
        func beyond(_ figures: Figures?) -> [Double] {
            let times = (figures?.outcome.answers ?? []).map { $0.whole - delay / .milliseconds(1) }
            return [times.median, times.percentile(99)]
        }
        func text(_ numbers: [Double]) -> String { numbers.map { $0.rounded(to: 1) }.joined(separator: ", ") }
        let (reference, own) = (beyond(direct), beyond(figures))
        let memory = ((figures.process?.residentMegabytes ?? 0) - idle.residentMegabytes) * 1e6 / 1024 / Double(chats)
        return [
            Double(chats).grouped, way.isBehindNginx ? "nginx" : "FastCGI", way.isShared ? "HTTP/2" : "HTTP/1.1",
            figures.outcome.errors == 0 ? "none" : "**\(figures.outcome.errors)**", Double(figures.waiting).grouped,
            memory.rounded(to: 1), "< 64", String(figures.process?.threads ?? 0), "< 16", text(reference), text(own),
            text(zip(own, reference).map { $0 - $1 }), (cpu * 1000 / Double(chats)).rounded(to: 2),
        ]
    }
}
