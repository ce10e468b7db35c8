import SystemPackage
@testable import TestSupport
import Testing

@testable import Sessions

/// What is answered from a file that another process wrote is on the disk, also if that process died before it was synced.
@Suite("Answers by processes that did not write")
struct DurabilityTests {
    /// What a second process is asked after the first one died.
    enum Look: String, CaseIterable, Sendable {
        case retry, summary, page, export, readonlyTurn

        /// True if the session shows the turn.
        func sees(_ name: String, in store: SessionStore) async throws -> Bool {
            let key = try SessionKey("a")
            do {
                switch self {
                case .retry:
                    return try await store.turn(of: key, from: .make(name, body: name)) { _ in throw NotReplayed() }.isReplayed
                case .summary: return try await store.summary(of: key).turnCount == (name == "first" ? 1 : 2)
                case .page: return try await store.page(of: key, messages: 9).turns.contains { $0.id == "turn-\(name)" }
                case .export:
                    var text: [UInt8] = []
                    try await store.export(key, as: .json) { text += $0 }
                    return String(decoding: text, as: UTF8.self).contains("turn-\(name)")
                case .readonlyTurn: return try await store.history(of: key).names.contains(name)
                }
            } catch is NotReplayed {
                return false
            } catch let error as SessionError where error.code == .notFound {
                return false
            }
        }
    }

    private struct NotReplayed: Error {}

    private static func say(_ name: String, to store: SessionStore) async throws {
        _ = try await store.turn(of: SessionKey("a"), from: .make(name, body: name)) { _ in
            var turn = Turn.make(name + " " + String(repeating: "x", count: 9_000), id: "turn-\(name)")
            turn.request = .make(name, body: name)
            return turn
        }
    }

    @Test(
        "a turn that a dead process wrote is on the disk once another one has shown it",
        arguments: Look.allCases, ["first", "second"])
    func shownTurns(_ look: Look, _ name: String) async throws {
        let system = SimulatedFileSystem()
        let store = try system.store()
        if name == "second" { try await Self.say("first", to: store) }
        system.disk.synchronizeAll()
        system.reset(records: true)
        try await Self.say(name, to: store)
        var shown = 0
        for state in system.recordedCalls.map(\.disk) + [system.disk] {
            let survivor = SimulatedFileSystem(state)
            guard try await look.sees(name, in: try survivor.store()) else { continue }
            shown += 1
            try await Self.expect(name, isThere: true, after: survivor, "shown by \(look)")
        }
        // Between the write and the sync, and at the end.
        #expect(shown >= 2)
    }

    @Test("a session that a dead process deleted is gone from the disk once another one has said so", arguments: [true, false])
    func deletion(deletes: Bool) async throws {
        let system = SimulatedFileSystem()
        let store = try system.store()
        try await Self.say("first", to: store)
        system.disk.synchronizeAll()
        system.reset(records: true)
        try await store.delete(SessionKey("a"))
        var count = 0
        for state in system.recordedCalls.map(\.disk) {
            let survivor = SimulatedFileSystem(state)
            guard (try? state.inode(at: SimulatedFileSystem.path(of: "a"))) == nil else { continue }
            count += 1
            await #expect(throws: SessionError.self) {
                let other = try survivor.store()
                if deletes { try await other.delete(SessionKey("a")) } else { _ = try await other.summary(of: SessionKey("a")) }
            }
            try await Self.expect("first", isThere: false, after: survivor, "deleted")
        }
        #expect(count == 1)
    }

    @Test(
        "a turn whose write or sync failed is not shown later unless it is on the disk",
        arguments: ["first", "second"], [Errno.ioError, .noSpace])
    func failedSyncs(_ name: String, _ error: Errno) async throws {
        func prepared() async throws -> (SimulatedFileSystem, SessionStore) {
            let system = SimulatedFileSystem()
            let store = try system.store()
            if name == "second" { try await Self.say("first", to: store) }
            system.disk.synchronizeAll()
            system.reset()
            return (system, store)
        }
        let (whole, unharmed) = try await prepared()
        try await Self.say(name, to: unharmed)
        #expect(whole.calls.count > 10)
        for call in 1...whole.calls.count {
            let (system, store) = try await prepared()
            system.reset(SimulatedFileSystem.Fault(call: call, effect: .failureTwice(error, second: call + 1)))
            var failure: SessionError?
            do { try await Self.say(name, to: store) } catch let error as SessionError { failure = error }
            let calls = system.calls
            system.reset()
            let context = "call \(call) of \(calls) failed"
            let isThere = try await Look.page.sees(name, in: store)
            if let failure { #expect(failure.isOutcomeUnknown || !isThere, "\(context)") } else { #expect(isThere, "\(context)") }
            if isThere { try await Self.expect(name, isThere: true, after: system, context) }
            try await Self.say(name, to: store)
            try await Self.expect(name, isThere: true, after: system, "\(context), then a retry")
        }
    }

    @Test("a torn tail on a full disk is read and cut, and leaves no empty file in the quarantine", arguments: [false, true])
    func fullDisk(reads: Bool) async throws {
        let system = SimulatedFileSystem()
        for name in ["first", "second"] { try await Self.say(name, to: try system.store()) }
        try system.change("a") { $0.removeLast(100) }
        let torn = system.disk
        func look(_ fault: SimulatedFileSystem.Fault? = nil) async throws -> Int {
            system.disk = torn
            let store = try system.store()
            system.reset(fault)
            do {
                if reads {
                    #expect(try await store.page(of: SessionKey("a"), messages: 9).turns.map(\.id) == ["turn-first"])
                } else {
                    try await Self.say("second", to: store)
                }
            } catch let error as SessionError {
                let call = try #require(fault).call
                let isWrite = system.calls[call - 1].hasPrefix("write")
                #expect(error.code == .storageFull && !(reads && isWrite), "\(system.calls)")
            }
            return system.calls.count
        }
        for call in 1...(try await look()) {
            _ = try await look(SimulatedFileSystem.Fault(call: call, effect: .failure(.noSpace)))
            system.reset()
            let quarantine = SimulatedFileSystem.directory.appending("quarantine")
            for name in try system.disk.names(in: quarantine) {
                #expect(system.disk.files[try system.disk.inode(at: quarantine.appending(name))]?.content.isEmpty == false)
            }
            #expect(try await system.store().page(of: SessionKey("a"), messages: 9).turns.first?.id == "turn-first")
        }
    }

    /// Expects the turn, or that there is none, whatever of the unsynced writes is lost when the machine dies.
    private static func expect(
        _ name: String, isThere: Bool, after system: SimulatedFileSystem, _ context: String
    ) async throws {
        var generator = SplitMix64(seed: 1)
        for state in system.disk.crashStates(limit: 32, using: &generator) {
            let found = try await Look.page.sees(name, in: try SimulatedFileSystem(state).store())
            #expect(found == isThere, "\(context), then the machine died")
        }
    }
}
