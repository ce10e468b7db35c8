import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("The sessions' directory")
struct DirectoryTests {
    private func age(_ name: String, days: Double, in directory: TemporaryDirectory) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -86_400 * days)], ofItemAtPath: directory.file(name).string)
    }

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

    @Test("pruning removes old sessions, but none that is in use, and a dry run removes nothing")
    func prune() async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        for key in ["young", "old", "busy", "elsewhere"] {
            try await store.say("one", to: key)
            if key != "young" { try age("\(key).json", days: 40, in: directory) }
        }
        let limit = Date(timeIntervalSinceNow: -30 * 86_400)
        func pruned(dry: Bool) throws -> [String] {
            var keys: [String] = []
            try store.prune(before: limit, isDryRun: dry) { key, _ in keys.append(key.description) }
            return keys.sorted()
        }
        #expect(try pruned(dry: true) == ["busy", "elsewhere", "old"])
        #expect(try directory.names(in: "sessions").count == 4)
        _ = try await store.turn(of: SessionKey("busy"), from: .make()) { _ in
            // Another store plays another process.
            _ = try await other.turn(of: SessionKey("elsewhere"), from: .make()) { _ in
                let keys = try pruned(dry: false)
                #expect(keys == ["old"])
                return .make()
            }
            return .make()
        }
        #expect(try directory.names(in: "sessions") == ["busy.json", "elsewhere.json", "young.json"])
    }

    @Test("old sessions are removed once an hour by whichever process is first, and a pass continues the last one")
    func retention() async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        for number in 0..<3 {
            try await store.say("one", to: "\(number)")
            try age("\(number).json", days: 40, in: directory)
        }
        #expect(try store.pruneOnce(olderThan: .seconds(30 * 86_400)) == 3)
        try await store.say("one", to: "later")
        try age("later.json", days: 40, in: directory)
        #expect(try other.pruneOnce(olderThan: .seconds(30 * 86_400)) == 0)
        #expect(try other.pruneOnce(olderThan: .seconds(30 * 86_400), now: Date(timeIntervalSinceNow: 3700)) == 1)
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
