import Chat
import Foundation
import Glibc
import JSON
import SystemPackage
@testable import TestSupport
import Testing

@testable import Sessions

@Suite("The sessions' directory")
struct DirectoryTests {
    @Test("a list has every session once, with its number of turns and its size")
    func list() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let long = "wx:group:" + String(repeating: "g", count: 300)
        // More names than are read at once.
        for number in 0..<1100 { try await store.say("one", to: "wx:dm:\(number)") }
        for _ in 0..<3 { try await store.say("one", to: long) }
        try directory.write(Array("{}".utf8), to: "%zz.json")
        try directory.write([], to: ".new-x")
        var entries: [SessionListEntry] = []
        try store.list { entry in
            entries.append(entry)
            return true
        }
        #expect(entries.count == 1101)
        #expect(Set(entries.map(\.key)).count == 1101)
        let group = try #require(entries.first { $0.key.description == long })
        #expect(group.turnCount == 3)
        #expect(group.tokenCount == (try await store.summary(of: SessionKey(long))).usage.totalTokens)
        let file = try directory.bytes(SessionKey(long).fileName + ".json")
        #expect(group.byteCount == file.count)
        #expect(abs(group.lastUsed.timeIntervalSinceNow) < 600)

        var keys: Set<SessionKey> = []
        try await store.visitKeys { keys.insert($0) }
        #expect(keys == Set(entries.map(\.key)))

        var groups = 0
        try store.list(prefix: "wx:group:") { _ in
            groups += 1
            return true
        }
        #expect(groups == 1)
        var visits = 0
        try store.list { _ in
            visits += 1
            return visits < 10
        }
        #expect(visits == 10)
    }

    @Test("copies are refused once they have written much, and a copy has its lines where the original has them")
    func copies() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for number in 0..<40 { try await store.say("question \(number)", answer: String(repeating: "a", count: 300), to: "a:long:key") }
        let (source, target) = (try SessionKey("a:long:key"), try SessionKey("b"))
        #expect(try await store.fork(source, to: target).turnCount == 40)
        let (old, new) = (try directory.bytes("a%3Along%3Akey.json"), try directory.bytes("b.json"))
        let feed = try #require(old.firstIndex(of: UInt8(ascii: "\n")))
        #expect(new.count == old.count && new[feed...] == old[feed...])
        #expect(try await store.fork(target, to: SessionKey("a:longer:key")).turnCount == 40)
        try await store.verify { Issue.record("\($0)") }

        // More than an hour makes good.
        store.copies.take(CopyAllowance.burst + 3600 * CopyAllowance.rate)
        let error = await #expect(throws: SessionError.self) { try await store.fork(source, to: SessionKey("c")) }
        #expect(error?.code == .tooManyCopies)
        #expect(try directory.names(in: "sessions").count == 3)
        try store.copies.check(now: .now + .seconds(7200))
    }

    @Test("files that are no sessions are on no page, and damaged sessions are, without a time")
    func otherFiles() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for key in ["a", "b", "c"] { try await store.say("one", to: key) }
        try directory.write(Array(#"{"format":"nanobot-session/1","ke"#.utf8), to: "damaged.json")
        for number in 0..<3 { try directory.write(Array("{}".utf8), to: "notes\(number).json") }
        try directory.write([], to: "empty.json")
        var (found, cursor, hasMore) = ([ListedSession](), SessionKey?.none, true)
        while hasMore {
            let page = try await store.page(prefixes: [""], limit: 1, after: cursor)
            #expect(page.sessions.count == 1)
            (found, cursor, hasMore) = (found + page.sessions, page.sessions.last?.key, page.hasMore)
        }
        #expect(Set(found.map(\.key.description)) == ["a", "b", "c", "damaged"])
        #expect(found.filter { $0.createdAt == nil }.map(\.key.description) == ["damaged"])
    }

    @Test("a page of a long session reads as much as one of a short session")
    func pageCost() async throws {
        var calls: [Int] = []
        for count in [200, 1600] {
            let system = SimulatedFileSystem()
            let store = try SessionStore(directory: "/data", settings: SessionStore.Settings(), system: system, logger: .test())
            let header = SessionFile.header(try SessionKey("a"), createdAt: Turn.time)
            let lines = (0..<count).map { Turn.make(String(repeating: "q", count: 500), id: "turn-\($0)").line }
            let inode = try system.open("/data/sessions/a.json", O_CREAT | O_RDWR)
            let bytes = header + Array("\n".utf8) + lines.joined(separator: Array(",\n".utf8)) + SessionFile.closing
            _ = try bytes.withUnsafeBytes { bytes throws(Errno) in try system.write(inode, bytes, at: 0) }
            system.close(inode)
            let key = try SessionKey("a")
            #expect(try await store.page(of: key, messages: 10).summary.turnCount == count)
            try await store.say("newest", to: "a")
            system.reset()
            let page = try await store.page(of: key, messages: 10)
            #expect(
                page.turns.count == 5 && page.hasMore && page.summary.turnCount == count + 1
                    && page.summary.usage.totalTokens == 2 * (count + 1))
            calls.append(system.calls.count { $0.hasPrefix("read") })
            let older = try await store.page(of: key, messages: 4, before: "turn-7")
            #expect(older.turns.map(\.id) == ["turn-5", "turn-6"])
            let error = await #expect(throws: SessionError.self) { try await store.page(of: key, messages: 4, before: "turn-x") }
            #expect(error?.code == .unknownTurn)
        }
        #expect(calls[0] == calls[1])
    }

    @Test("a store that may not create a data directory refuses one without sessions, and leaves nothing there")
    func wrongDirectory() throws {
        let directory = try TemporaryDirectory()
        var settings = SessionStore.Settings()
        settings.missingDirectory = .refuse
        for path in [directory.path, directory.path.appending("none")] {
            #expect(throws: SessionError.self) { try SessionStore(directory: path, settings: settings, logger: .test()) }
        }
        #expect(try directory.names(in: "") == [])
        _ = try directory.store()
        _ = try SessionStore(directory: directory.path, settings: settings, logger: .test())
    }
}
