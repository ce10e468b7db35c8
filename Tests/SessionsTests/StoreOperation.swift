import Chat
import Concurrency
import Foundation
import JSON
import SystemPackage
@testable import TestSupport
import Testing

@testable import Sessions

/// An operation on sessions, and their contents before and after it. Each turn has a name, the first word of its question.
struct StoreOperation: Sendable, CustomTestStringConvertible {
    enum Contents: Sendable, Equatable {
        case absent
        case unreadable
        case turns([String])
    }

    var name: String
    /// The acknowledged contents of sessions, by key.
    var before: [String: Contents]
    /// The contents once the operation has succeeded.
    var after: [String: Contents]
    /// True if the store has the sessions in its cache.
    var isWarm = false
    /// True if the quarantine gets a whole file, with a second copy of its turns.
    var keepsDamagedFile = false
    var prepare: @Sendable (SessionStore, SimulatedFileSystem) async throws -> Void
    var run: @Sendable (SessionStore) async throws -> Void

    var testDescription: String { name }

    /// The turns that have to be there whether or not the operation succeeded.
    func acknowledged(_ key: String, isDone: Bool) -> [String] {
        let kept: [[String]] = (isDone ? [after] : [before, after]).map { if case .turns(let turns)? = $0[key] { turns } else { [] } }
        return kept[0].filter { name in kept.allSatisfy { $0.contains(name) } }
    }

    /// - Parameter length: the approximate length of a turn's question.
    static func all(length: Int) -> [StoreOperation] {
        let say = { @Sendable (store: SessionStore, name: String, key: String) in _ = try await store.say(name, length: length, to: key) }
        let sayAll = { @Sendable (store: SessionStore, names: [String], key: String) in
            for name in names { try await say(store, name, key) }
        }
        let repair = { @Sendable (store: SessionStore) in
            var damages: [SessionDamage] = []
            try await store.verify(repairs: true) { damages.append($0) }
            // A repair that fails is reported as the file's damage.
            for damage in damages where damage.repair == nil { throw SessionError(.storageUnavailable, damage.problem) }
        }
        return [
            StoreOperation(
                name: "the first turn", before: ["a": .absent], after: ["a": .turns(["new"])],
                prepare: { _, _ in }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "the second turn", before: ["a": .turns(["one"])], after: ["a": .turns(["one", "new"])], isWarm: true,
                prepare: { store, _ in try await say(store, "one", "a") }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "a turn of a session that is in the cache", before: ["a": .turns(["one", "two"])],
                after: ["a": .turns(["one", "two", "new"])], isWarm: true,
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "a turn of a session that is not in the cache", before: ["a": .turns(["one", "two"])],
                after: ["a": .turns(["one", "two", "new"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "a turn that sums up the oldest ones", before: ["a": .turns(["1", "2", "3", "4", "5"])],
                after: ["a": .turns(["1", "2", "3", "4", "5", "new"])], isWarm: true,
                prepare: { store, _ in try await sayAll(store, ["1", "2", "3", "4", "5"], "a") },
                run: { try await $0.say("new", by: Summarizer()) }),
            StoreOperation(
                name: "undo of a turn that a summary covers", before: ["a": .turns(["1", "2", "3", "4"])],
                after: ["a": .turns(["1", "2", "3"])],
                prepare: { store, _ in
                    for name in ["1", "2", "3", "4", "5", "6"] { try await store.say(name, by: Summarizer()) }
                    for _ in 0..<2 { _ = try await store.undo(SessionKey("a")) }
                }, run: { _ = try await $0.undo(SessionKey("a")) }),
            StoreOperation(
                name: "the first turn after an undo", before: ["a": .turns([])], after: ["a": .turns(["new"])],
                prepare: { store, _ in
                    try await say(store, "one", "a")
                    _ = try await store.undo(SessionKey("a"))
                }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "a turn behind a torn tail", before: ["a": .turns(["one"])], after: ["a": .turns(["one", "new"])],
                prepare: { store, system in
                    try await sayAll(store, ["one", "torn"], "a")
                    try system.change("a") { $0.removeLast(100) }
                }, run: { try await say($0, "new", "a") }),
            StoreOperation(
                name: "reading a session with a torn closing", before: ["a": .turns(["one"])], after: ["a": .turns(["one"])],
                prepare: { store, system in
                    try await say(store, "one", "a")
                    try system.change("a") { $0 = $0.dropLast(4) + Array(",\n}\n".utf8) }
                }, run: { _ = try await $0.history(of: SessionKey("a")) }),
            StoreOperation(
                name: "a retry", before: ["a": .turns(["one", "two"])], after: ["a": .turns(["one", "two"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") },
                run: { store in
                    let (turn, isReplayed) = try await store.turn(of: SessionKey("a"), from: .make(isRetry: true)) { _ in
                        Issue.record("A retry ran anew")
                        return .make()
                    }
                    #expect(isReplayed && turn.messages[0].content.starts(with: "two"))
                }),
            StoreOperation(
                name: "a turn in the place of the last ones", before: ["a": .turns(["one", "two", "three"])],
                after: ["a": .turns(["one", "new"])], isWarm: true,
                prepare: { store, _ in try await sayAll(store, ["one", "two", "three"], "a") },
                run: { store in
                    let shown = [
                        Message(role: .user, content: "one " + String(repeating: "x", count: length)),
                        Message(role: .assistant, content: Turn.make("one").messages[1].content),
                    ]
                    _ = try await store.turn(of: SessionKey("a"), from: .make(), showing: shown) { history in
                        #expect(history.names == ["one"])
                        return .make("new " + String(repeating: "x", count: length), id: "turn-new")
                    }
                }),
            StoreOperation(
                name: "undo", before: ["a": .turns(["one", "two"])], after: ["a": .turns(["one"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") },
                run: { _ = try await $0.undo(SessionKey("a")) }),
            StoreOperation(
                name: "undo of the only turn", before: ["a": .turns(["one"])], after: ["a": .turns([])],
                prepare: { store, _ in try await say(store, "one", "a") },
                run: { _ = try await $0.undo(SessionKey("a")) }),
            StoreOperation(
                name: "delete", before: ["a": .turns(["one", "two"])], after: ["a": .absent], isWarm: true,
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") },
                run: { try await $0.delete(SessionKey("a")) }),
            StoreOperation(
                name: "fork", before: ["a": .turns(["one", "two"]), "b": .absent],
                after: ["a": .turns(["one", "two"]), "b": .turns(["one", "two"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") },
                run: { _ = try await $0.fork(SessionKey("a"), to: SessionKey("b")) }),
            StoreOperation(
                name: "fork to a key that is taken", before: ["a": .turns(["one"]), "b": .turns(["other"])],
                after: ["a": .turns(["one"]), "b": .turns(["other"])],
                prepare: { store, _ in
                    try await say(store, "one", "a")
                    try await say(store, "other", "b")
                },
                run: { store in
                    do {
                        _ = try await store.fork(SessionKey("a"), to: SessionKey("b"))
                        Issue.record("A key that is taken was given away")
                    } catch let error as SessionError where error.code == .exists {}
                }),
            StoreOperation(
                name: "removal of a turn in the middle", before: ["a": .turns(["one", "two", "three"])],
                after: ["a": .turns(["one", "three"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two", "three"], "a") },
                run: { try await $0.remove(TurnReference(idPrefix: "turn-two", time: 0), of: SessionKey("a")) }),
            StoreOperation(
                name: "change of a turn in the middle", before: ["a": .turns(["one", "two", "three"])],
                after: ["a": .turns(["one", "other", "three"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two", "three"], "a") },
                run: { store in
                    try await store.change(TurnReference(idPrefix: "turn-two", time: 0), of: SessionKey("a")) { turn in
                        turn?.messages[0].content = "other"
                    }
                }),
            StoreOperation(
                name: "creation of a session without turns", before: ["b": .absent], after: ["b": .turns([])],
                prepare: { _, _ in }, run: { try await $0.create(SessionKey("b")) }),
            StoreOperation(
                name: "messages for which no model was asked", before: ["a": .turns(["one"])], after: ["a": .turns(["one", "new"])],
                prepare: { store, _ in try await say(store, "one", "a") },
                run: { store in
                    let new = Message(role: .user, content: "new " + String(repeating: "x", count: length))
                    _ = try await store.add([new], model: "m", to: SessionKey("a"), from: .make())
                }),
            StoreOperation(
                name: "a note on a session", before: ["a": .turns(["one"])], after: ["a": .turns(["one"])],
                prepare: { store, _ in
                    try await say(store, "one", "a")
                    try await store.note(["k": "old"], of: SessionKey("a"))
                },
                run: { store in
                    let key = try SessionKey("a")
                    try await store.note(["k": "new"], of: key)
                    let noted = try store.metadata(of: key)
                    #expect(noted == ["k": "new"])
                }),
            StoreOperation(
                name: "a turn behind another one than the last", before: ["a": .turns(["one", "two"]), "b": .absent],
                after: ["a": .turns(["one", "two"]), "b": .turns(["one", "new"])],
                prepare: { store, _ in try await sayAll(store, ["one", "two"], "a") },
                run: { store in
                    let place = TurnPlace.branch(try SessionKey("a"), TurnReference(idPrefix: "turn-one", time: 0))
                    _ = try await store.turn(of: SessionKey("b"), from: .make(), at: place) { history in
                        #expect(history.names == ["one"])
                        return .make("new " + String(repeating: "x", count: length), id: "turn-new")
                    }
                }),
            StoreOperation(
                name: "the first response of a named session", before: ["a": .turns(["one"])], after: ["a": .turns(["one", "new"])],
                prepare: { store, _ in try await say(store, "one", "a") },
                run: { store in
                    let key = try SessionKey("a")
                    _ = try await store.turn(of: key, from: .make(), hasID: true) { _ in
                        var turn = Turn.make("new " + String(repeating: "x", count: length), id: "turn-new")
                        turn.response = ["created_at": 1]
                        return turn
                    }
                    let found = try store.key(at: SessionLocator(key))
                    #expect(found == key)
                }),
            StoreOperation(
                name: "prune", before: ["a": .turns(["one", "two"]), "b": .turns(["other"])], after: ["a": .absent, "b": .absent],
                prepare: { store, _ in
                    try await sayAll(store, ["one", "two"], "a")
                    try await say(store, "other", "b")
                },
                run: { store in
                    var failure: SessionError?
                    try store.prune(before: .distantFuture, onFailure: { failure = $0 }) { _, _ in }
                    if let failure { throw failure }
                }),
            StoreOperation(
                name: "verify, and repair a torn tail", before: ["a": .turns(["one"]), "b": .turns(["other"])],
                after: ["a": .turns(["one"]), "b": .turns(["other"])],
                prepare: { store, system in
                    try await sayAll(store, ["one", "torn"], "a")
                    try await say(store, "other", "b")
                    try system.change("a") { $0.removeLast(100) }
                }, run: repair),
            StoreOperation(
                name: "verify, and repair a damaged middle", before: ["a": .unreadable, "b": .turns(["other"])],
                after: ["a": .turns(["one", "three"]), "b": .turns(["other"])], keepsDamagedFile: true,
                prepare: { store, system in
                    try await sayAll(store, ["one", "damaged", "three"], "a")
                    try await say(store, "other", "b")
                    try system.change("a") { $0.replace("\"damaged", "damaged") }
                }, run: repair),
        ]
    }
}

extension SessionStore {
    /// Stores a turn of some length and returns the names of the turns that it saw.
    @discardableResult
    func say(_ name: String, length: Int, to key: String = "a") async throws -> [String] {
        let seen = Mutex<[String]>([])
        _ = try await turn(of: SessionKey(key), from: .make()) { history in
            seen.withLock { $0 = history.names }
            return .make(name + " " + String(repeating: "x", count: length), id: "turn-\(name)")
        }
        return seen.withLock(\.self)
    }

    static func name(_ question: String) -> String { String(question.prefix { $0 != " " }) }
}

extension SimulatedFileSystem {
    static let directory = FilePath("/data")

    static func path(of key: String) -> FilePath { directory.appending("sessions").appending("\(key).json") }

    /// Changes the content of a session's file.
    func change(_ key: String, _ body: (inout [UInt8]) -> Void) throws {
        var disk = disk
        let inode = try disk.inode(at: Self.path(of: key))
        var bytes = try #require(disk.files[inode]).content
        body(&bytes)
        disk.truncate(inode, to: 0)
        disk.write(bytes, to: inode, at: 0)
        disk.synchronize(inode)
        self.disk = disk
    }

    func store(_ durability: SessionStore.Durability = .sync) throws -> SessionStore {
        var settings = SessionStore.Settings()
        settings.durability = durability
        settings.window = ContextLimits(maxTurns: 4, summarizes: true)
        return try SessionStore(directory: Self.directory, settings: settings, system: self, logger: .test())
    }
}
