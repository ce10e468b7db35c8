import Chat
@testable import Files
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

/// Whatever a session's file contains, every operation succeeds or is refused: a trap would end every chat of the process.
@Suite("Extremes in a session's file")
struct ExtremeFileTests {
    /// Stores a session with these lines; nil for one that the store writes.
    private func session(_ lines: [String?], in directory: TemporaryDirectory) async throws {
        for number in lines.indices { try await directory.store().say("\(number)", keyed: "key-\(number)") }
        var written = String(decoding: try directory.bytes("a.json"), as: UTF8.self).split(separator: "\n").map(String.init)
        for (index, line) in lines.enumerated() {
            if let line { written[index + 1] = line + (index + 1 < lines.count ? "," : "") }
        }
        try directory.write(Array((written.joined(separator: "\n") + "\n").utf8), to: "a.json")
    }

    private func line(id: String = "turn-x", at: String = Turn.time, usage: String = "1", total: String? = nil) -> String {
        #"{"id":"\#(id)","at":"\#(at)","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"}],"model":"m","#
            + #""finish_reason":"stop","usage":{"prompt_tokens":\#(usage),"completion_tokens":\#(usage),"total_tokens":\#(total ?? usage)},"#
            + #""request":{"id":"r","idempotency_key":"key-x","body_sha256":"00"}}"#
    }

    @Test("a session's usage is clamped to the largest number, and negative counts are 0")
    func usage() async throws {
        let directory = try TemporaryDirectory()
        let most = "\(Int.max)"
        try await session(
            [line(id: "turn-1", usage: most), line(id: "turn-2", usage: most), line(id: "turn-3", usage: "\(Int.min)"), nil], in: directory)
        let key = try SessionKey("a")
        let store = try directory.store()
        let all = Usage(promptTokens: .max, completionTokens: .max, totalTokens: .max)
        #expect(try await store.summary(of: key).usage == all)
        #expect(try await store.page(of: key, messages: 10).summary.usage == all)
        #expect(try await store.fork(key, to: SessionKey("b")).usage == all)
        var markdown: [UInt8] = []
        try await store.export(key, as: .markdown) { markdown += $0 }
        #expect(String(decoding: markdown, as: UTF8.self).contains("4 turns"))
        #expect(try await store.say("next") == ["x", "x", "x", "3"])
    }

    @Test(
        "a retry finds turns before one whose time cannot be read, but not that one",
        arguments: ["9999999999999999999", "", "yesterday", "99999999999999999999999999", "-2026-11-23T09:00:00Z", "2026"])
    func time(at: String) async throws {
        let directory = try TemporaryDirectory()
        try await session([nil, line(at: at), nil], in: directory)
        let store = try directory.store()
        for number in [0, 2] { #expect(try await store.replays("\(number)", keyed: "key-\(number)")) }
        #expect(try await !store.replays("x", keyed: "key-x"))
        #expect(try await store.replays("x", keyed: "key-x"))
    }

    @Test(
        "a turn from the end of the calendar does not hide earlier turns from a retry",
        arguments: ["9999-12-31T23:59:59Z", "9999-99-99T99:99:99Z"])
    func future(at: String) async throws {
        let directory = try TemporaryDirectory()
        try await session([nil, line(at: at), nil], in: directory)
        #expect(try await directory.store().replays("0", keyed: "key-0"))
    }

    @Test("a line that is nested too deeply is damage, wherever it ends", arguments: [511, 512, 513, 514])
    func nesting(depth: Int) async throws {
        for line in ["[", #"{"id":"summary-1","x":["#, #"{"id":"turn-1","messages":["#, #"{"at":["#] {
            let directory = try TemporaryDirectory()
            try await session([nil, line + String(repeating: "[", count: depth - 1), nil], in: directory)
            try await exercise(directory)
            let other = try TemporaryDirectory()
            try await session([nil, line + String(repeating: "[", count: depth - 1)], in: other)
            try await exercise(other)
        }
    }

    @Test("any number or text in any place of a turn's line crashes nothing", arguments: TestLength.seeds(40))
    func anything(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let directory = try TemporaryDirectory()
        try await session([nil, nil, nil], in: directory)
        var text = String(decoding: try directory.bytes("a.json"), as: UTF8.self)
        // The values of members: what follows a colon, up to a comma or brace.
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let values = text.ranges(of: /:(?:"[^"]*"|[0-9]+|null)/)
            guard let value = values.randomElement(using: &generator) else { continue }
            let new =
                Bool.random(using: &generator)
                ? LimitNumbers.json.randomElement(using: &generator) ?? ""
                : "\"\(LimitNumbers.texts.randomElement(using: &generator) ?? "")\""
            text.replaceSubrange(value, with: ":" + new)
        }
        try directory.write(Array(text.utf8), to: "a.json")
        try await exercise(directory)
        // The same file, imported.
        let other = try TemporaryDirectory()
        do {
            let imported = try ImportedSession(Array(text.utf8), name: "a.json", key: try SessionKey("a"))
            _ = try await other.store().importSession(imported)
            _ = try await other.store().importSession(imported, merges: true)
            try await exercise(other)
        } catch let error as SessionError {
            #expect([.unreadable, .newerFormat, .invalidKey].contains(error.code))
        }
    }

    /// Tries every operation on the session; each may be refused.
    private func exercise(_ directory: TemporaryDirectory) async throws {
        let key = try SessionKey("a")
        let store = try directory.store()
        func attempt(_ action: () async throws -> Void) async throws {
            do {
                try await action()
            } catch let error as SessionError {
                #expect(error.code != .storageUnavailable && error.code != .busy, "\(error)")
            }
        }
        try await attempt { _ = try await store.replays("1", keyed: "key-1") }
        try await attempt { try await store.say("new") }
        try await attempt { _ = try await store.page(of: key, messages: 3, before: "turn-1") }
        try await attempt { _ = try await store.summary(of: key) }
        for format in ExportFormat.allCases { try await attempt { try await store.export(key, as: format) { _ in } } }
        try await attempt { _ = try await store.fork(key, to: SessionKey("fork")) }
        try await attempt { _ = try await store.undo(key) }
        try await store.verify(repairs: true) { _ in }
        try store.list { _ in true }
        try await attempt { try await store.say("newer") }
    }

    @Test("nothing is stored in a file that becomes shorter than any session during a turn")
    func shorter() async throws {
        for size in 0...8 {
            let directory = try TemporaryDirectory()
            let store = try directory.store()
            try await store.say("one")
            await #expect(throws: SessionError.self) {
                try await store.turn(of: SessionKey("a"), from: .make()) { _ in
                    try directory.write(try directory.bytes("a.json")[..<size], to: "a.json")
                    return .make("two")
                }
            }
            #expect(try directory.bytes("a.json").count == size)
        }
    }

    @Test("zeros at the end of a session's file are cut, and the turns before them stay")
    func zeros() async throws {
        let directory = try TemporaryDirectory()
        for question in ["one", "two"] { try await directory.store().say(question) }
        let path = directory.path.appending("sessions/a.json").string
        #expect(truncate(path, 1 << 24) == 0)
        #expect(try await directory.store().say("three") == ["one", "two"])
        #expect(try directory.bytes("a.json").count < 2000)
        #expect(try directory.names(in: "quarantine") == [])
    }

    @Test(
        "a data directory under a dangling link, or where nothing can be created, is refused",
        arguments: ["link/data", "link/a/b/c", "/proc/x/y"])
    func unreachable(path: String) throws {
        let directory = try TemporaryDirectory()
        #expect(symlink("/nowhere", directory.path.appending("link").string) == 0)
        let path = path.hasPrefix("/") ? FilePath(path) : directory.path.appending(path)
        #expect {
            try SessionStore(directory: path, settings: SessionStore.Settings(), logger: .test())
        } throws: {
            ($0 as? SessionError)?.code == .storageUnavailable
        }
    }

    @Test("there is no turn at the end of the largest possible file")
    func largestFile() async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("one")
        guard var file = try SessionFile(directory.file("a.json"), key: try SessionKey("a"), in: HostFileSystem()) else {
            throw SessionError.notFound(try SessionKey("a"))
        }
        file.assumeIntact(size: .max)
        for offset in [.max - 5, .max - 4096, .max] {
            let turn = try file.turn(at: offset)
            #expect(turn == nil)
        }
    }

    @Test("a line that is longer than allowed is not written, and the session stays as it is")
    func longTurn() async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("one")
        let before = try directory.bytes("a.json")
        let (path, key, system) = (directory.file("a.json"), try SessionKey("a"), HostFileSystem())
        let line = [UInt8](repeating: UInt8(ascii: " "), count: SessionFile.longestLine + 1)
        guard var file = try SessionFile(path, key: key, in: system) else { throw SessionError.notFound(key) }
        file.assumeIntact(size: before.count)
        var codes: [SessionError.Code] = []
        do throws(SessionError) { _ = try file.append(line, synchronizes: false) } catch { codes.append(error.code) }
        var writer = try SessionWriter(path, key: key, createdAt: Turn.time, in: system)
        do throws(SessionError) { try writer.append(line) } catch { codes.append(error.code) }
        #expect(codes == [.turnTooLong, .turnTooLong])
        #expect(try directory.bytes("a.json") == before)
    }
}

extension SessionStore {
    /// Stores a turn with an idempotency key.
    fileprivate func say(_ question: String, keyed key: String) async throws {
        _ = try await turn(of: SessionKey("a"), from: .make(key)) { _ in .make(question, id: "turn-\(question)", idempotencyKey: key) }
    }

    /// True if a request with an idempotency key gets a stored turn.
    fileprivate func replays(_ question: String, keyed key: String) async throws -> Bool {
        try await turn(of: SessionKey("a"), from: .make(key)) { _ in .make(question, idempotencyKey: key) }.isReplayed
    }
}
