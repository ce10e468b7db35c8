import Chat
import Files
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

/// A machine that is cut off from a network file system loses its locks, and others go on with its sessions.
@Suite("A lock that is lost during a turn")
struct LostLockTests {
    private let directory: TemporaryDirectory
    private let connection = AlteredFileSystem.Connection()
    /// Of the machine that is cut off.
    private let store: SessionStore
    /// Of another one.
    private let other: SessionStore
    private let key: SessionKey

    init() throws {
        directory = try TemporaryDirectory()
        let system = AlteredFileSystem(base: HostFileSystem(), connection: connection)
        store = try SessionStore(directory: directory.path, settings: .init(), system: system, logger: .test(keeping: directory))
        other = try directory.store()
        key = try SessionKey("a")
    }

    private func ask(_ store: SessionStore, _ id: String, _ origin: Turn.Origin, meanwhile: () async throws -> Void = {}) async throws
        -> (id: String, isReplayed: Bool)
    {
        let (turn, isReplayed) = try await store.turn(of: key, from: origin) { _ in
            try await meanwhile()
            var turn = Turn.make(id, id: id)
            turn.request = origin
            return turn
        }
        return (turn.id, isReplayed)
    }

    private func turnIDs() async throws -> [String] {
        try await other.withSession(key) { file in
            var ids: [String] = []
            try file.readTurnsBackwards { turn, _ in
                ids.insert(turn.id, at: 0)
                return true
            }
            return ids
        } ?? []
    }

    @Test("a turn is stored all the same if nobody else has used the session", arguments: [false, true])
    func unused(isFirst: Bool) async throws {
        if !isFirst { _ = try await ask(store, "turn-1", .make()) }
        _ = try await ask(store, "turn-2", .make()) { try connection.interrupt(kills: false) }
        #expect(try await turnIDs() == (isFirst ? ["turn-2"] : ["turn-1", "turn-2"]))
    }

    @Test("a turn whose retry was stored elsewhere is answered with that one", arguments: [false, true])
    func retried(isFirst: Bool) async throws {
        if !isFirst { _ = try await ask(store, "turn-1", .make()) }
        let late = try await ask(store, "turn-late", .make("key")) {
            try connection.interrupt(kills: false)
            #expect(try await ask(other, "turn-retry", .make("key")) == ("turn-retry", false))
            #expect(try await ask(other, "turn-next", .make("another key")) == ("turn-next", false))
        }
        #expect(late == ("turn-retry", true))
        #expect(try await turnIDs() == (isFirst ? [] : ["turn-1"]) + ["turn-retry", "turn-next"])
    }

    @Test("a key that another request has used elsewhere meanwhile is a conflict")
    func conflict() async throws {
        let error = await #expect(throws: SessionError.self) {
            _ = try await ask(store, "turn-late", .make("key", body: "01")) {
                try connection.interrupt(kills: false)
                _ = try await ask(other, "turn-other", .make("key"))
            }
        }
        #expect(error?.code == .idempotencyConflict)
        #expect(try await turnIDs() == ["turn-other"])
    }

    @Test("nothing is stored while another machine has the session")
    func taken() async throws {
        _ = try await ask(store, "turn-1", .make())
        let (began, gate) = (Gate(), Gate())
        let running = Task { [store] in
            try await self.ask(store, "turn-late", .make("key")) {
                began.open()
                await gate.pass()
            }
        }
        await began.pass()
        try connection.interrupt(kills: false)
        let answer = try await ask(other, "turn-other", .make("other key")) {
            gate.open()
            let error = await #expect(throws: SessionError.self) { _ = try await running.value }
            #expect(error?.code == .storageUnavailable)
            #expect(error?.description.contains("lost") == true)
        }
        #expect(answer == ("turn-other", false))
        #expect(try await turnIDs() == ["turn-1", "turn-other"])
        #expect(try await ask(store, "turn-retry", .make("key")) == ("turn-retry", false))
    }

    @Test("a lock file that can no longer be used is opened anew for the next turn")
    func deadDescriptor() async throws {
        let error = await #expect(throws: SessionError.self) {
            _ = try await ask(store, "turn-late", .make()) { try connection.interrupt(kills: true) }
        }
        #expect(error?.code == .storageUnavailable)
        #expect(try await ask(store, "turn-1", .make()) == ("turn-1", false))
        #expect(try await turnIDs() == ["turn-1"])
    }

    @Test("a file that replaces a session's loses no turn that was stored meanwhile")
    func replaced() async throws {
        for number in 1...3 { _ = try await ask(store, "turn-\(number)", .make()) }
        let error = await #expect(throws: SessionError.self) {
            try await store.lock.withLock(key) {
                guard var file = try SessionFile(store.path(of: key), key: key, in: store.system) else { return }
                try file.recover(quarantine: store.quarantine)
                let writer = try SessionWriter(file.path, key: key, createdAt: Turn.time, in: store.system)
                try connection.interrupt(kills: false)
                #expect(try await ask(other, "turn-4", .make()) == ("turn-4", false))
                try store.replace(file, by: writer)
            }
        }
        #expect(error?.code == .storageUnavailable)
        #expect(try await turnIDs() == ["turn-1", "turn-2", "turn-3", "turn-4"])
    }
}
