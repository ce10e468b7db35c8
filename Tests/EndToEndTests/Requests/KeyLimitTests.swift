import Foundation
import Harness
import TestSupport
import Testing

@Suite("Limits of API keys behind web servers")
struct KeyLimitTests {
    private func nanobot(_ home: TemporaryDirectory, _ arguments: String..., environment: [String: String] = [:]) async throws -> String {
        let outcome = try await Program.run(
            Nanobot.path, arguments, environment: Nanobot.environment(home).merging(environment) { $1 })
        #expect(outcome.status == 0 || arguments.isEmpty, "\(outcome.standardError)")
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    private static func minute() -> Int { Int(Date().timeIntervalSince1970) / 60 }

    @Test("64 clients of four processes, and CGI, get no request more through than may; usage has each turn once; kill -9 loses nothing")
    func shared() async throws {
        let home = try TemporaryDirectory()
        let added = try await nanobot(
            home, "keys", "add", "--name", "a", "--scope", "wx:", "--rpm", "20", "--tokens-per-day", "100000", "--budget-per-month", "1000")
        let secret = String(try #require(added.split(separator: "\n").first))
        let price = ["NANOBOT_MODEL_PRICE": #"{"input":1,"output":2}"#]
        var servers: [Server] = []
        for kind in [Server.Kind.nginx, .lighttpd, .nginx, .lighttpd] {
            servers.append(try await Server(kind, home: home, environment: price))
        }
        defer { for server in servers { server.program.send(SIGTERM) } }
        let before = Self.minute()
        let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
            for index in 0..<64 {
                group.addTask { [server = servers[index % 4]] in
                    var statuses: [Int] = []
                    for _ in 0..<2 {
                        let response = try await server.chat(
                            "Hello", session: "wx:\(index)", headers: ["Authorization: Bearer \(secret)"])
                        #expect([200, 429].contains(response.status) && response.headers["x-ratelimit-limit-requests"] == "20")
                        if response.status == 429 { #expect(response.headers["retry-after"] != nil) }
                        statuses.append(response.status)
                    }
                    return statuses
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let passed = statuses.count { $0 == 200 }
        #expect(Self.minute() == before ? passed == 20 : (20...40).contains(passed))

        // Settled within a second; then the counts and the records survive whatever ends the processes.
        for isKilled in [false, true] {
            if isKilled { for responder in servers.flatMap(\.responders) { kill(responder.processID, SIGKILL) } }
            let usage = try await nanobot(home, "usage", "--by", "key", "--json", "--data-dir", home.path + "/data")
            #expect(try JSON(Array(usage.utf8))["requests"]?.number == Double(passed), "\(usage)")
            #expect(usage.contains(#""cost":"#))
            let used = try #require(try JSON(Array(usage.utf8))["total_tokens"]?.number)
            let isCounted = try await eventually { try await remainingTokens(home, secret) == 100_000 - used }
            #expect(isCounted)
        }
    }

    /// What is left of the day's tokens, as another process says.
    private func remainingTokens(_ home: TemporaryDirectory, _ secret: String) async throws -> Double? {
        let response = try await nanobot(
            home,
            environment: [
                "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/v1/key",
                "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_X_API_KEY": secret, "NANOBOT_DATA_DIR": home.path + "/data",
            ])
        return try JSON(Array(try #require(response.split(separator: "\r\n\r\n").last).utf8))["remaining"]?["tokensPerDay"]?.number
    }
}
