import Chat
import Foundation
import JSON
import Testing

@testable import Sessions

@Suite("Imports into the store")
struct ImportTests {
    private func exported(_ format: ExportFormat, turns: Int, key: String = "a") async throws -> (TemporaryDirectory, [UInt8]) {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for number in 0...turns { try await store.say("\(number) 你好\n\u{1b}", to: key) }
        _ = try await store.undo(try SessionKey(key))
        var bytes: [UInt8] = []
        try await store.export(try SessionKey(key), as: format) { bytes += $0 }
        return (directory, bytes)
    }

    @Test("an exported session is imported byte for byte", arguments: [ExportFormat.json, .jsonl], [0, 1, 3, 300])
    func roundTrip(format: ExportFormat, turns: Int) async throws {
        let (source, bytes) = try await exported(format, turns: turns, key: "wx:dm:微信")
        let target = try TemporaryDirectory()
        let session = try ImportedSession(bytes, name: "any")
        #expect(try await target.store().importSession(session) == .imported(turns: turns))
        let name = try SessionKey("wx:dm:微信").fileName + ".json"
        #expect(try target.bytes(name) == source.bytes(name))
    }

    @Test("an export that was reformatted has the same turns")
    func reformatted() async throws {
        let (source, bytes) = try await exported(.json, turns: 3)
        let target = try TemporaryDirectory()
        let pretty = try #require(try ExportFormat.json.forms(of: bytes).last)
        #expect(try await target.store().importSession(try ImportedSession(pretty, name: "x")) == .imported(turns: 3))
        #expect(try target.bytes("a.json") == source.bytes("a.json"))
    }

    @Test(
        "pictures, recordings, calls and refusals are imported byte for byte, even after reformatting",
        arguments: [ExportFormat.json, .jsonl])
    func parts(format: ExportFormat) async throws {
        let source = try TemporaryDirectory()
        let key = try SessionKey("a")
        let turn = Turn.makeWithParts()
        _ = try await source.store().turn(of: key, from: .make()) { _ in turn }
        var bytes: [UInt8] = []
        try await source.store().export(key, as: format) { bytes += $0 }
        for form in try format.forms(of: bytes) {
            let target = try TemporaryDirectory()
            let session = try ImportedSession(form, name: "x")
            #expect(try session.decodedTurns() == [turn])
            #expect(try await target.store().importSession(session) == .imported(turns: 1))
            #expect(try target.bytes("a.json") == source.bytes("a.json"))
            #expect(try await target.store().history(of: key) == [PastTurn(turn.messages)])
        }
    }

    @Test("the caller's key overrides the file's")
    func givenKey() async throws {
        let (_, bytes) = try await exported(.json, turns: 1)
        let target = try TemporaryDirectory()
        _ = try await target.store().importSession(try ImportedSession(bytes, name: "x", key: SessionKey("b")))
        #expect(try target.names(in: "sessions") == ["b.json"])
        #expect(try await target.store().say("next", to: "b").count == 1)
    }

    @Test("an export that was cut is refused, unless it is JSON lines cut between two lines")
    func cutExports() async throws {
        for format in [ExportFormat.json, .jsonl] {
            let (_, bytes) = try await exported(format, turns: 3)
            for length in 0..<bytes.count - 2 {
                guard let session = try? ImportedSession(Array(bytes[..<length]), name: "x") else { continue }
                let lines = bytes[..<length].split(separator: UInt8(ascii: "\n"))
                #expect(format == .jsonl && session.lines.map { Array($0.bytes) } == lines.dropFirst().map { Array($0) }, "\(length)")
            }
        }
    }

    @Test("an import without merging leaves an existing session as it is")
    func exists() async throws {
        let (_, bytes) = try await exported(.json, turns: 2)
        let target = try TemporaryDirectory()
        try await target.store().say("mine")
        let before = try target.bytes("a.json")
        #expect(try await target.store().importSession(try ImportedSession(bytes, name: "x")) == .exists)
        #expect(try target.bytes("a.json") == before)
    }

    @Test("merging adds missing turns once, ordered by time")
    func merge() async throws {
        func session(_ turns: [(id: String, hour: Int)]) throws -> ImportedSession {
            var text = #"{"format":"nanobot-session/1","key":"a","created_at":"2026-01-01T00:00:00Z"}"#
            for turn in turns {
                var made = Turn.make(turn.id, id: turn.id)
                made.at = "2026-01-01T0\(turn.hour):00:00Z"
                text += "\n" + String(decoding: made.line, as: UTF8.self)
            }
            return try ImportedSession(text)
        }
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        #expect(try await store.importSession(try session([("b", 2), ("d", 4), ("f", 4)]), merges: true) == .imported(turns: 3))
        let other = try session([("a", 1), ("b", 2), ("c", 3), ("e", 4), ("g", 5), ("e", 4)])
        #expect(try await store.importSession(other, merges: true) == .merged(turns: 4))
        let merged = try directory.bytes("a.json")
        #expect(try await store.importSession(other, merges: true) == .merged(turns: 0))
        #expect(try directory.bytes("a.json") == merged)
        #expect(try await store.say("next") == ["a", "b", "c", "d", "f", "e", "g"])
    }

    @Test("importing another program's file again adds only its new turns")
    func mergeGrown() async throws {
        var text = ImportedSessionTests.metadata
        func add(_ word: String) {
            text += "\n" + #"{"role": "user", "content": "\#(word)", "timestamp": "2026-01-02T03:04:05"}"#
            text += "\n" + #"{"role": "assistant", "content": "yes"}"#
        }
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for word in ["a", "b", "b"] { add(word) }
        #expect(try await store.importSession(try ImportedSession(text), merges: true) == .imported(turns: 3))
        #expect(try await store.importSession(try ImportedSession(text), merges: true) == .merged(turns: 0))
        for word in ["c", "b"] { add(word) }
        #expect(try await store.importSession(try ImportedSession(text), merges: true) == .merged(turns: 2))
        #expect(try await store.say("next", to: "wx:dm:user_alice") == ["a", "b", "b", "c", "b"])
    }

    @Test("merging waits for a running turn, and keeps it")
    func mergeWhileTurnRuns() async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        let session = try ImportedSession(#"{"messages":[{"role":"user","content":"imported"}]}"#, key: "a")
        try await store.say("first")
        async let outcome = other.importSession(session, merges: true)
        for number in 0..<20 { try await store.say("\(number)") }
        #expect(try await outcome == .merged(turns: 1))
        #expect(Set(try await store.say("last")) == Set(["first", "imported"] + (0..<20).map { "\($0)" }))
    }

    @Test("an import does not merge into a damaged session")
    func damaged() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try directory.write("rubbish".utf8, to: "a.json")
        let session = try ImportedSession(#"{"messages":[]}"#, key: "a")
        #expect(try await store.importSession(session) == .exists)
        let error = await #expect(throws: SessionError.self) { try await store.importSession(session, merges: true) }
        #expect(error?.code == .unreadable)
        #expect(try directory.bytes("a.json") == Array("rubbish".utf8))
    }
}
