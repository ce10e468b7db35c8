import Chat
import Foundation
import Glibc
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Something that is no file in a data directory")
struct OddFileTests {
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
}
