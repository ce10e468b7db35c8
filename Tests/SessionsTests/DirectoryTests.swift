import Chat
import Foundation
import Glibc
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
            try store.prune(before: limit, isDryRun: dry, onFailure: { Issue.record($0) }) { key, _ in keys.append(key.description) }
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

    @Test("old sessions are removed by whichever process looks a day after another look")
    func retention() async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        func prune(_ store: SessionStore, hours: Double, diskHours: Double? = nil) throws -> Int {
            let (now, disk) = (Date(timeIntervalSinceNow: 3600 * hours), Date(timeIntervalSinceNow: 3600 * (diskHours ?? hours)))
            return try store.pruneOnce(olderThan: .seconds(30 * 86_400), now: now, diskTime: { _ in disk })
        }
        for number in 0..<3 {
            try await store.say("one", to: "\(number)")
            try age("\(number).json", days: 40, in: directory)
        }
        #expect(try prune(store, hours: 0) == 0)
        // Not within the hour, nor within the day.
        #expect(try prune(other, hours: 0.5) == 0)
        #expect(try prune(other, hours: 23) == 0)
        #expect(try prune(other, hours: 25) == 3)
        try await store.say("one", to: "later")
        try age("later.json", days: 40, in: directory)
        #expect(try prune(store, hours: 26) == 1)
        #expect(try directory.names(in: "sessions").isEmpty)
    }

    @Test("a clock that is months ahead removes nothing, the process's or the file system's, for a moment or for a day")
    func wrongClocks() async throws {
        for (isProcess, isDisk) in [(true, false), (false, true), (true, true)] {
            let directory = try TemporaryDirectory()
            let lines = Log<LogLine>()
            let store = try directory.store(log: lines)
            try await store.say("one")
            let ahead = 200 * 24.0
            // A day of right clocks, the moment, and the time after it.
            let looks = [(0.0, 0.0), (25, 0), (26, ahead), (27, ahead), (28, 0), (60, 0), (90, 0)]
            for (hours, shift) in looks {
                let now = Date(timeIntervalSinceNow: 3600 * (hours + (isProcess ? shift : 0)))
                let disk = Date(timeIntervalSinceNow: 3600 * (hours + (isDisk ? shift : 0)))
                #expect(try store.pruneOnce(olderThan: .seconds(90 * 86_400), now: now, diskTime: { _ in disk }) == 0)
            }
            #expect(try directory.names(in: "sessions") == ["a.json"])
            #expect(isProcess && isDisk || lines.entries.contains { $0.message.contains("The earlier one counts") })
        }
    }

    @Test("a temporary file that is being written is not taken for an abandoned one, whatever the clock says")
    func temporaryFiles() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        func removed() async throws -> Bool {
            for name in try directory.names(in: "sessions") { try age(name, days: 2, in: directory) }
            try await store.verify(repairs: true) { _ in }
            return try directory.names(in: "sessions").isEmpty
        }
        do {
            let writer = try SessionWriter(directory.file("a.json"), key: SessionKey("a"), createdAt: Turn.time, in: HostFileSystem())
            #expect(try await !removed())
            _ = consume writer
        }
        try directory.write([], to: ".new-left")
        #expect(try await removed())
    }

    /// Something that is no file, at the place of one.
    enum Oddity: CaseIterable {
        case fifo, directory, device, socket

        func make(at path: FilePath) throws {
            let result = path.withPlatformString { path in
                switch self {
                case .fifo: mkfifo(path, 0o600)
                case .directory: mkdir(path, 0o700)
                // Reading it would never end.
                case .device: symlink("/dev/zero", path)
                case .socket: mknod(path, S_IFSOCK | 0o600, 0)
                }
            }
            guard result == 0 else { throw Errno(rawValue: errno) }
        }
    }

    @Test("something in the place of a session's file is an error at once, and hides no other session", arguments: Oddity.allCases)
    func oddities(_ oddity: Oddity) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let long = try SessionKey(String(repeating: "x", count: 300))
        for key in ["a", "z"] { try await store.say("one", to: key) }
        for key in [try SessionKey("odd"), long] { try oddity.make(at: directory.file(key.fileName + ".json")) }
        try oddity.make(at: directory.file(".new-odd"))
        let old = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 0)]
        for name in try directory.names(in: "sessions") {
            #expect(utimensat(AT_FDCWD, directory.file(name).string, old, AT_SYMLINK_NOFOLLOW) == 0)
        }

        let key = try SessionKey("odd")
        var failures: [SessionError.Code] = []
        for operation in [
            { _ = try await store.say("two", to: "odd") }, { _ = try await store.history(of: key) },
            { _ = try await store.page(of: key, messages: 1) }, { try await store.export(key, as: .json) { _ in } },
            { _ = try await store.undo(key) }, { try await store.delete(key) }, { _ = try await store.fork(key, to: SessionKey("b")) },
        ] as [() async throws -> Void] {
            do { try await operation() } catch { failures.append(try #require(error as? SessionError).code) }
        }
        #expect(failures == Array(repeating: .unreadable, count: 7))
        await #expect(throws: SessionError.self) { _ = try await store.fork(SessionKey("a"), to: key) }

        var (listed, skipped) = ([String](), 0)
        try store.list(onFailure: { _ in skipped += 1 }) { entry in
            listed.append(entry.key.description)
            return true
        }
        #expect(listed.sorted() == ["a", "z"])
        #expect(skipped == 1)
        var damaged: [SessionDamage] = []
        try await store.verify(repairs: true) { damaged.append($0) }
        #expect(damaged.count == 2 && damaged.allSatisfy { $0.repair == nil })

        var pruned: [String] = []
        var kept = 0
        try store.prune(before: Date(timeIntervalSinceNow: -3600), onFailure: { _ in kept += 1 }) { key, _ in pruned.append(key.description)
        }
        #expect(pruned.sorted() == ["a", "z"])
    }

    @Test("something in the place of another file of the data directory holds nobody", arguments: Oddity.allCases)
    func oddFiles(_ oddity: Oddity) async throws {
        let directory = try TemporaryDirectory()
        let key = try SessionKey("a")
        try oddity.make(at: directory.path.appending("locks-\(String(key.lockOffset >> 59, radix: 16))"))
        try oddity.make(at: directory.path.appending("retention"))
        let store = try directory.store()
        let error = await #expect(throws: SessionError.self) { _ = try await store.say("one") }
        #expect(error?.code == .storageUnavailable)
        #expect(throws: SessionError.self) { try store.pruneOnce(olderThan: .seconds(60)) }
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

    @Test("neither a request nor retention removes a file that a newer version wrote, in any layout", arguments: [false, true])
    func newerFormat(isSpaced: Bool) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let header = #"{"format":"nanobot-session/2","key":"a","turns":["#
        let bytes = Array((isSpaced ? header.replacing(":", with: ": ").replacing(",", with: ",\r\n") : header).utf8)
        try directory.write(bytes, to: "a.json")
        try age("a.json", days: 40, in: directory)
        let error = await #expect(throws: SessionError.self) { try await store.delete(SessionKey("a")) }
        #expect(error?.code == .newerFormat)
        var failure: SessionError?
        try store.prune(before: Date(), onFailure: { failure = $0 }) { key, _ in Issue.record("\(key) was removed") }
        #expect(failure?.code == .newerFormat)
        #expect(try directory.bytes("a.json") == bytes)
        // A damaged session of this version can be removed.
        try directory.write(Array("rubbish".utf8), to: "a.json")
        try await store.delete(SessionKey("a"))
        #expect(try directory.names(in: "sessions") == [])
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
