import Chat
@testable import Files
import Foundation
import Glibc
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Removal of old sessions")
struct RemovalTests {
    private func age(_ name: String, days: Double, in directory: TemporaryDirectory) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -86_400 * days)], ofItemAtPath: directory.file(name).string)
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

    @Test("pruning removes what the archive got before the date, and keeps the rest")
    func archive() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for number in 0..<3 {
            _ = try await store.turn(of: SessionKey("a"), from: .make(body: "\(number)"), showing: []) { _ in .make("\(number)") }
        }
        let names = try directory.names(in: "archive")
        #expect(names.count == 2)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -86_400 * 40)],
            ofItemAtPath: directory.path.appending("archive").appending(names[0]).string)
        let limit = Date(timeIntervalSinceNow: -30 * 86_400)
        try store.prune(before: limit, isDryRun: true, onFailure: { Issue.record($0) }) { _, _ in }
        #expect(try directory.names(in: "archive") == names)
        try store.prune(before: limit, onFailure: { Issue.record($0) }) { _, _ in }
        #expect(try directory.names(in: "archive") == [names[1]])
        #expect(try directory.names(in: "sessions") == ["a.json"])
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

    @Test("whatever the file says that tells when others looked, nothing young is removed", arguments: LimitNumbers.texts)
    func anyProgress(number: String) async throws {
        for text in ["0 \(number) \(number)", "0 0 \(number)", "0 \(number) 0", "\(number) 0 0", "\(number)", "\(number) 1"] {
            let directory = try TemporaryDirectory()
            let store = try directory.store()
            try await store.say("one")
            try directory.write(text.utf8, to: "../retention")
            for hours in [2.0, 30, 60] {
                let now = Date(timeIntervalSinceNow: 3600 * hours)
                _ = try store.pruneOnce(olderThan: .seconds(30 * 86_400), now: now, diskTime: { _ in now })
            }
            #expect(try directory.names(in: "sessions") == ["a.json"], "\(text)")
        }
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
}
