import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Reloading and stopping under load")
struct ReloadTests {
    /// Asks `serve` to reload and returns once the new responder serves.
    private func reload(_ server: Server) async throws {
        let old = Set(server.responders.map(\.processID))
        let count = reloads(server)
        server.program.send(SIGUSR2)
        let isReloaded = try await eventually { reloads(server) > count }
        try #require(isReloaded, "\(server.program.standardError)")
        #expect(!old.isEmpty && server.responders.contains { !old.contains($0.processID) })
    }

    private func reloads(_ server: Server) -> Int { server.program.standardError.components(separatedBy: "Reloaded: process").count }

    @Test("no request fails while responders take over from each other under load", arguments: Server.Kind.allCases)
    func underLoad(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            let load = Load(port: server.port, clients: 16, failure: 503)
            let logs = try await load.run((1...50).map { "session\($0)" }) {
                for _ in 1...20 {
                    try #require(try await load.moment(), "\(server.program.standardError)")
                    try await reload(server)
                }
            }
            #expect(logs.count == 16 && logs.allSatisfy { !$0.answered.isEmpty && $0.failures == 0 })
            try server.expectStored(logs)
        }
    }

    @Test("while a turn runs in the old responder, the new one answers, and the turn ends well", arguments: Server.Kind.allCases)
    func longTurn(kind: Server.Kind) async throws {
        let upstream = try HeldUpstream()
        try await Server.run(kind, environment: upstream.environment) { server in
            async let first = server.chat("Hello", session: "a")
            let isAsked = try await eventually { upstream.asked == 1 }
            #expect(isAsked)
            for _ in 1...3 { try await reload(server) }
            #expect(try await server.send("GET", "/health").status == 200)
            async let second = server.chat("Hello", session: "b")
            let isAskedTwice = try await eventually { upstream.asked == 2 }
            #expect(isAskedTwice)
            upstream.release()
            for response in try await [first, second] { #expect(response.status == 200 && response.answer == "one two") }
        }
    }

    @Test("settings that are wrong leave the old responder in place, and right ones count after a reload")
    func settings() async throws {
        let home = try TemporaryDirectory()
        let file = try home.file("config.json", #"{"model":{"name":"first"}}"#.utf8)
        try await Server.run(.nginx, home: home, environment: ["NANOBOT_CONFIG": file]) { server in
            _ = try home.file("config.json", #"{"workers":"x"}"#.utf8)
            server.program.send(SIGUSR2)
            let isSaid = try await eventually { server.program.standardError.contains("The settings from before stay in force") }
            #expect(isSaid)
            #expect(try await server.send("GET", "/v1/models").body.contains(Array(#""id":"first""#.utf8)))
            _ = try home.file("config.json", #"{"model":{"name":"second"}}"#.utf8)
            try await reload(server)
            let isSecond = try await eventually { try await server.send("GET", "/v1/models").body.contains(Array(#""id":"second""#.utf8)) }
            #expect(isSecond)
        }
    }

    @Test("SIGHUP reloads a responder behind the operator's web server", arguments: [Deployment.Way.systemd, .spawnFcgi])
    func deployed(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server, parents in
            _ = try await server.chat("Is my hat blue?", session: "a")
            let old = parents.flatMap { OtherProcess.responders(below: $0.processID) }
            #expect(!old.isEmpty)
            for parent in parents { kill(parent.processID, SIGHUP) }
            let isNew = try await eventually {
                parents.flatMap { OtherProcess.responders(below: $0.processID) }.contains { new in
                    !old.contains { $0.processID == new.processID }
                }
            }
            #expect(isNew)
            let next = try await server.chat("What did I just ask you?", session: "a")
            #expect(next.answer.contains("Is my hat blue?"))
        }
    }

    @Test("requests that outlast the patience of a stop are told to try again, streamed or not", arguments: Server.Kind.allCases)
    func cut(kind: Server.Kind) async throws {
        let upstream = try HeldUpstream()
        let server = try await Server(kind, environment: upstream.environment)
        async let response = server.chat("Hello", session: "a")
        let client = try StreamClient(port: server.port, session: "b")
        let areAsked = try await eventually { upstream.asked == 2 }
        #expect(areAsked)
        #expect(try await client.gets("one "))
        try await server.stop()
        let cut = try await response
        expectError(cut, 503, "overloaded")
        #expect(cut.headers["retry-after"] == "1")
        let ends = try await client.ends()
        #expect(ends && client.text.contains(#"data: {"error":"#) && !client.text.contains("[DONE]"), "\(client.text)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions") == [])
    }
}
