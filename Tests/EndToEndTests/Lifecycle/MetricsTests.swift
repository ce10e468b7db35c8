import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Metrics and readiness behind web servers")
struct MetricsTests {
    private func metrics(_ server: Server, headers: [String] = []) async throws -> String {
        let response = try await server.send("GET", "/metrics", headers: headers)
        #expect(response.status == 200 && response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        return String(decoding: response.body, as: UTF8.self)
    }

    private func count(_ name: String, _ text: String) -> Int {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.utf8.count + 1)) } ?? 0
    }

    private static let chats = #"nanobot_http_requests_total{route="POST /v1/chat/completions",status="200"}"#
    private static let durations = #"nanobot_http_request_duration_seconds_count{route="POST /v1/chat/completions"}"#
    private static let turns = #"nanobot_turns_total{model="nanobot",status="200"}"#

    @Test(
        "every request is counted once, whichever process answered it",
        arguments: [Deployment.Way.nginx, .lighttpdSpawn, .lighttpdCGI, .apacheFcgid, .apacheCGI, .apachePrefork])
    func processes(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server in
            for index in 1...5 { #expect(try await server.chat("Hello", session: "\(index)").status == 200) }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 1...15 {
                    group.addTask { try await server.chat("Hello", session: "\(index)").status }
                }
                for try await status in group { #expect(status == 200) }
            }
            // Other processes add what they counted within a second.
            var text = ""
            let areCounted = try await eventually(within: .seconds(60)) {
                text = try await metrics(server)
                return count(Self.chats, text) >= 20 && count(Self.durations, text) >= 20
            }
            #expect(areCounted && count(Self.chats, text) == 20 && count(Self.durations, text) == 20, "\(text)")
            #expect(count(Self.turns, text) == 20)
            #expect(!text.contains("session"))
        }
    }

    @Test("kill -9 takes nothing of what was shown, and Prometheus reads the text")
    func kills() async throws {
        try await Server.run(.nginx) { server in
            for index in 1...10 { _ = try await server.chat("Hello", session: "\(index)") }
            let before = try await metrics(server)
            #expect(count(Self.chats, before) == 10)
            for responder in server.responders { kill(responder.processID, SIGKILL) }
            let isBack = try await eventually { try await server.send("GET", "/ready").status == 200 }
            #expect(isBack)
            _ = try await server.chat("Hello", session: "1")
            let after = try await metrics(server)
            #expect(count(Self.chats, after) == 11 && count("nanobot_responder_starts_total", after) == 2, "\(after)")

            let file = try server.home.file("metrics.txt", after.utf8)
            let check = try await Program.run("/bin/sh", ["-c", "promtool check metrics < \(file)"])
            #expect(check.status == 0 && check.standardError.isEmpty, "\(check.standardError)")
        }
    }

    @Test("an API with keys shows its metrics to a key with the route admin, and its readiness to everybody")
    func keys() async throws {
        let home = try TemporaryDirectory()
        var secrets: [String] = []
        for route in ["admin", "chat"] {
            let added = try await Program.run(
                Nanobot.path, ["keys", "add", "--name", route, "--scope", "*", "--routes", route], environment: Nanobot.environment(home))
            secrets.append(String(decoding: added.standardOutput.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
        }
        try await Server.run(.lighttpd, home: home) { server in
            #expect(try await metrics(server, headers: ["Authorization: Bearer \(secrets[0])"]).contains("# TYPE"))
            expectError(
                try await server.send("GET", "/metrics", headers: ["Authorization: Bearer \(secrets[1])"]), 403, "route_not_allowed")
            expectError(try await server.send("GET", "/metrics"), 401, "invalid_api_key")
            #expect(try await server.send("GET", "/ready").status == 200)
        }
    }

    @Test("a program that cannot store, or whose upstream is away, says so, and is ready again afterwards")
    func readiness() async throws {
        let upstream = try HeldUpstream()
        upstream.release()
        let server = try await Server(.nginx, environment: upstream.environment)
        #expect(try await server.send("GET", "/ready").status == 200)
        let data = server.dataDirectory
        try FileManager.default.moveItem(atPath: data, toPath: data + ".away")
        var response = try await server.send("GET", "/ready")
        let isAway = try await eventually {
            response = try await server.send("GET", "/ready")
            return response.status == 503
        }
        #expect(isAway)
        expectError(response, 503, "storage_unavailable")
        #expect(!String(decoding: response.body, as: UTF8.self).contains(server.home.path))
        // A directory that is made meanwhile is none of the program's doing.
        try? FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: data + ".away", toPath: data)
        let isBack = try await eventually { try await server.send("GET", "/ready").status == 200 }
        #expect(isBack)
        try await server.stop()
    }

    @Test("an upstream that nobody can reach is not ready")
    func upstream() async throws {
        let port = try Port.reserve()
        try await Server.run(.nginx, environment: ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(port)/v1"]) { server in
            let response = try await server.send("GET", "/ready")
            expectError(response, 503, "upstream_unavailable")
            #expect(!String(decoding: response.body, as: UTF8.self).contains("\(port)") && response.headers["retry-after"] != nil)
            let isLogged = try await eventually { server.program.standardError.contains("warning: Not ready: ") }
            #expect(isLogged)
        }
    }
}
