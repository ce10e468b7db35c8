import Foundation
import JSON
import SystemPackage
import Testing

@testable import Sessions

@Suite("The session file")
struct SessionFileTests {
    @Test("a session is a JSON document with one line a turn")
    func format() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store(durability: .sync)
        try await store.say("Hello \"you\"\n\u{0}\u{1f600}", to: "wx:dm:user_alice")
        try await store.say("Again", to: "wx:dm:user_alice")
        let bytes = try directory.bytes("wx%3Adm%3Auser_alice.json")
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines[0] == #"{"format":"nanobot-session/1","key":"wx:dm:user_alice","created_at":"\#(Turn.time)","turns":["#)
        #expect(lines.count == 5)
        #expect(lines[3...] == ["]}", ""])
        let document = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
        let turns = try #require(document["turns"] as? [[String: Any]])
        #expect(turns.count == 2)
        let messages = try #require(turns[0]["messages"] as? [[String: String]])
        #expect(messages[0] == ["role": "user", "content": "Hello \"you\"\n\u{0}\u{1f600}"])
        #expect(Set(turns[0].keys) == ["id", "at", "messages", "model", "finish_reason", "usage", "request"])
    }

    @Test("files and directories are this user's alone")
    func modes() async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("Hello")
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(directory.file("a.json").string) == 0o600)
        #expect(try mode(directory.path.appending("sessions").string) == 0o700)
        #expect(try mode(directory.path.appending("quarantine").string) == 0o700)
        #expect(try mode(directory.path.appending("locks-0").string) == 0o600)
    }

    @Test("an append rewrites the closing and nothing before it")
    func appendInPlace() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try await store.say("one")
        let before = try directory.bytes("a.json")
        try await store.say("two")
        let after = try directory.bytes("a.json")
        #expect(after.starts(with: before.dropLast(4)))
        #expect(after.count - before.count == Turn.make("two").line.count + 2)
    }

    @Test("a session file without turns takes a first one")
    func emptySession() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try directory.write(
            #"{"format":"nanobot-session/1","key":"a","created_at":"2026-11-23T09:00:00Z","turns":["#.appending("\n]}\n").utf8, to: "a.json"
        )
        #expect(try await store.say("one") == [])
        #expect(try await store.say("two") == ["one"])
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(try directory.bytes("a.json"))) }
    }

    @Test("long lines are read whole", arguments: [60_000, 70_000, 300_000])
    func longLines(_ length: Int) async throws {
        let directory = try TemporaryDirectory()
        let question = String(repeating: "x", count: length)
        try await directory.store().say(question)
        #expect(try await directory.store(limits: ContextLimits(maxTokens: 1_000_000)).say("two") == [question])
    }

    @Test(
        "a file that is not this session's is left as it is",
        arguments: [
            #"{"format":"other/1","key":"a","created_at":"","turns":["# + "\n]}\n",
            #"{"format":"nanobot-session/1","key":"b","created_at":"","turns":["# + "\n]}\n",
            "{}", "", "not JSON", "[\n]}\n", #"{"format":"nanobot-session/1","key":"a","turns":["# + "\nrubbish,\nrubbish\n]}\n",
        ])
    func unreadable(_ text: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try directory.write(text.utf8, to: "a.json")
        let error = await #expect(throws: SessionError.self) { try await store.say("one") }
        #expect(error?.code == .unreadable)
        #expect(try directory.bytes("a.json") == Array(text.utf8))
    }

    @Test("a file of a newer format is left as it is, and the error says so")
    func newerFormat() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let text = #"{"format":"nanobot-session/2","key":{"new":"shape"},"turns":["# + "\nanything"
        try directory.write(text.utf8, to: "a.json")
        let error = await #expect(throws: SessionError.self) { try await store.say("one") }
        #expect(error?.code == .newerFormat)
        #expect(try directory.bytes("a.json") == Array(text.utf8))
    }

    @Test("a file with a damaged middle is refused and left as it is")
    func damagedMiddle() async throws {
        let directory = try TemporaryDirectory()
        for question in ["one", "two", "three"] { try await directory.store().say(question) }
        var bytes = try directory.bytes("a.json")
        let two = try #require(bytes.firstRange(of: Array("\"two\"".utf8)))
        bytes[two.lowerBound] = 0
        try directory.write(bytes, to: "a.json")
        let store = try directory.store()
        let error = await #expect(throws: SessionError.self) { try await store.say("four") }
        #expect(error?.code == .unreadable)
        #expect(try directory.bytes("a.json") == bytes)
    }
}
