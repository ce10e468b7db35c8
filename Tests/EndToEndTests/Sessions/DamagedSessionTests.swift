import Foundation
import Testing

@Suite("Session files that are not whole, through a web server", .sharedServers)
struct DamagedSessionTests {
    private static let questions = ["Is my hat blue?", "Is my coat green?", "Are my shoes red?"]

    @Test("a session damaged in its middle is refused unchanged, and continues after a repair", arguments: Server.Kind.allCases)
    func damagedMiddle(kind: Server.Kind) async throws {
        let (server, key) = (try Server.shared(kind), "middle")
        var bytes = try await session(key, on: server)
        let place = try #require(bytes.firstRange(of: Array("coat".utf8)))
        bytes[place.lowerBound] = 0
        try server.write(bytes, session: key)
        try await expectUnreadable(server, key, bytes)

        let repair = try await Program.run(
            Nanobot.path, ["sessions", "verify", "--repair", "--data-dir", server.dataDirectory],
            environment: Nanobot.environment(server.home))
        #expect(repair.status == 1 && String(decoding: repair.standardOutput, as: UTF8.self).hasPrefix("\(key).json: "))
        let answer = try await server.chat("What did I just ask you?", session: key)
        #expect(answer.status == 200 && answer.answer.contains("Are my shoes red?"))
        #expect(try server.stored(key).turns.map(\.question) == ["Is my hat blue?", "Are my shoes red?", "What did I just ask you?"])
    }

    @Test("a session of a newer format is refused unchanged, with the reason", arguments: Server.Kind.allCases)
    func newerFormat(kind: Server.Kind) async throws {
        let (server, key) = (try Server.shared(kind), "newer")
        let old = try await session(key, on: server)
        let format = try #require(old.firstRange(of: Array("nanobot-session/1".utf8)))
        let newer = old[..<format.lowerBound] + Array("nanobot-session/2".utf8) + old[format.upperBound...]
        try server.write(Array(newer), session: key)
        let message = try await expectUnreadable(server, key, Array(newer))
        #expect(message.contains("newer version"))

        try server.write(old, session: key)
        let answer = try await server.chat("What did I just ask you?", session: key)
        #expect(answer.status == 200 && answer.answer.contains("Are my shoes red?"))
    }

    @Test("the next turn repairs a torn tail and keeps what it cuts off", arguments: Server.Kind.allCases)
    func tornTail(kind: Server.Kind) async throws {
        let (server, key) = (try Server.shared(kind), "torn")
        let bytes = try await session(key, on: server)
        let last = try #require(bytes.dropLast("\n]}\n".utf8.count).lastIndex(of: UInt8(ascii: "\n")))
        let torn = Array(bytes[...(last + 100)])
        try server.write(torn, session: key)

        let answer = try await server.chat("What did I just ask you?", session: key)
        #expect(answer.status == 200 && answer.answer.contains("Is my coat green?"))
        #expect(try server.stored(key).turns.map(\.question) == Self.questions.dropLast() + ["What did I just ask you?"])
        let names = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/quarantine").filter { $0.hasPrefix(key) }
        #expect(names.count == 1)
        let kept = try Data(contentsOf: URL(fileURLWithPath: "\(server.dataDirectory)/quarantine/\(names.first ?? "")"))
        #expect(torn.ends(with: kept) && kept.count >= 100)
    }

    /// A session of three turns, and its file.
    private func session(_ key: String, on server: Server) async throws -> [UInt8] {
        for text in Self.questions { #expect(try await server.chat(text, session: key).status == 200) }
        return try server.bytes(ofSession: key)
    }

    /// Checks that the session is refused, its file stays as it is, and other sessions are served. Returns what the client is told.
    @discardableResult
    private func expectUnreadable(_ server: Server, _ key: String, _ bytes: [UInt8]) async throws -> String {
        let header = ["x-session-key: \(key)"]
        let responses = [
            try await server.chat("Hello", session: key),
            try await server.chat("Hello", session: key, headers: ["x-session-mode: readonly"]),
            try await server.send("GET", "/v1/session", headers: header),
        ]
        for response in responses {
            expectError(response, 500, "session_unreadable")
            #expect(!response.body.contains(UInt8(ascii: "/")))
        }
        #expect(try server.bytes(ofSession: key) == bytes)
        #expect(try await server.chat("Hello", session: "beside-\(key)").status == 200)
        return responses[0].json["error"]["message"]?.text ?? ""
    }
}

extension Server {
    /// Puts other bytes in a session's file.
    fileprivate func write(_ bytes: [UInt8], session name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(dataDirectory)/sessions/\(name).json"))
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: some BidirectionalCollection<UInt8>) -> Bool { reversed().starts(with: suffix.reversed()) }
}
