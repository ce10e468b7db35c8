import Foundation
import TestSupport
import Testing

@Suite("Many requests at once")
struct ConcurrencyTests {
    /// Sends all turns at once and checks that each is answered.
    private func send(_ turns: [(text: String, session: String)], _ server: Server) async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for turn in turns { group.addTask { try await server.chat(turn.text, session: turn.session).status } }
            for try await status in group { #expect(status == 200) }
        }
    }

    @Test("twenty requests at once on one session make twenty turns", arguments: Server.Kind.allCases)
    func oneSession(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            try await send((1...20).map { ("I am number \($0)", "one") }, server)
            let turns = try server.session("one")["turns"]?.elements ?? []
            #expect(turns.count == 20)
            #expect(Set(turns.compactMap { $0["messages"][0]["content"]?.text }) == Set((1...20).map { "I am number \($0)" }))
            #expect(Set(turns.compactMap { $0["id"]?.text }).count == 20)
            #expect(try await server.chat("How many messages have I sent?", session: "one").answer.contains("20"))
        }
    }

    @Test("fifty requests at once on fifty sessions make one turn each", arguments: Server.Kind.allCases)
    func fiftySessions(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            try await send((1...50).map { ("I am number \($0)", "session\($0)") }, server)
            for number in 1...50 {
                let turns = try server.session("session\(number)")["turns"]
                #expect(turns?.elements.count == 1)
                #expect(turns[0]["messages"][0]["content"] == .string("I am number \(number)"))
            }
        }
    }

    @Test("a stopped server finishes its requests in flight and stores what it answered")
    func stop() async throws {
        let server = try await Server(.nginx)
        let answered = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 1...20 { group.addTask { try await isAnswered(server) } }
            let file = server.dataDirectory + "/sessions/one.json"
            #expect(try await eventually { FileManager.default.fileExists(atPath: file) })
            try await server.stop()
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(try server.session("one")["turns"]?.elements.count == answered)
    }

    /// False where the web server no longer took the request: refused (curl's 7) or closed before an answer began (52, 56).
    private func isAnswered(_ server: Server) async throws -> Bool {
        do {
            let response = try await server.chat("Hello", session: "one")
            #expect(response.status == 200)
            return true
        } catch let error as Server.CurlFailed where [7, 52, 56].contains(error.status) {
            return false
        }
    }
}
