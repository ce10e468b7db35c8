import Foundation
import Harness
import Testing

@testable import nanobot

@Suite("Summaries of old turns from the program")
struct SummaryTests {
    private static let environment = ["NANOBOT_HISTORY_MAX_TURNS": "4", "NANOBOT_HISTORY_SUMMARIZE": "true"]

    @Test("the first fact of a session is known long after its turn left the context, and after a restart", arguments: Server.Kind.allCases)
    func memory(kind: Server.Kind) async throws {
        let home = try TemporaryDirectory()
        try await Server.run(kind, home: home, environment: Self.environment) { server in
            _ = try await server.chat("My name is Alice.", session: "a")
            _ = try await server.chat("我女儿叫小美", session: "a")
            for number in 0..<30 {
                let sum = try await server.chat("\(number) + 1", session: "a")
                #expect(sum.answer.contains("\(number + 1)"))
            }
            let name = try await server.chat("What is my name?", session: "a")
            #expect(name.answer == "Your name is Alice.")
            let turns = try #require(try server.session("a")["turns"]?.elements)
            #expect(turns.count(where: { $0["summary"] != nil }) > 5)
            // What is seen through the API is turns.
            let shown = try JSON(try await server.send("GET", "/v1/session", headers: ["x-session-key: a"]).body)
            #expect(shown["turns"] == JSON.number(33))
        }
        try await Server.run(kind, home: home, environment: Self.environment) { server in
            let daughter = try await server.chat("我女儿叫什么", session: "a")
            #expect(daughter.answer == "你的女儿叫小美。")
            let other = try await server.chat("What is my name?", session: "b")
            #expect(!other.answer.contains("Alice"))
        }
        try await Server.run(kind, home: home, environment: ["NANOBOT_HISTORY_MAX_TURNS": "4"]) { server in
            let name = try await server.chat("What is my name?", session: "a")
            #expect(!name.answer.contains("Alice"))
        }
    }
}
