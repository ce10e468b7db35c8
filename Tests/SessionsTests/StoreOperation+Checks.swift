import Foundation
import SystemPackage
import Testing

@testable import Sessions
@testable import TestSupport

extension StoreOperation {
    /// A prepared machine, and a store on which the operation can run. With a disk from `preparedDisk`, that is where it begins.
    func prepared(_ disk: SimulatedDisk? = nil) async throws -> (system: SimulatedFileSystem, store: SessionStore) {
        if let disk {
            let system = SimulatedFileSystem(disk)
            return (system, try system.store())
        }
        let system = SimulatedFileSystem()
        let store = try system.store()
        try await prepare(store, system)
        system.disk.synchronizeAll()
        return (system, isWarm ? store : try system.store())
    }

    /// The disk before the operation, which saves preparing it for every fault; nil if the operation needs the store that prepared it.
    func preparedDisk() async throws -> SimulatedDisk? {
        guard !isWarm else { return nil }
        let system = SimulatedFileSystem()
        try await prepare(try system.store(), system)
        system.disk.synchronizeAll()
        return system.disk
    }

    /// Opens the disk with a new store and stores a turn in every session. It has to find the state before or after the operation, and to
    /// leave a JSON document.
    func check(
        _ disk: SimulatedDisk, isDone: Bool = false, durability: SessionStore.Durability = .sync, _ context: @autoclosure () -> String
    ) async throws {
        let system = SimulatedFileSystem(disk)
        let store: SessionStore
        do {
            store = try system.store(durability)
        } catch {
            Issue.record("\(name): \(context()): \(error)")
            return
        }
        for key in before.keys.sorted() {
            try await check(key, isDone: isDone, store, system, "\(name): \(context()): session \(key)")
        }
        let isClosed = system.openDescriptorCount == (try lockFileCount(store)) && system.heldLockCount == 0
        #expect(isClosed, "\(name): \(context()): only lock files stay open")
        checkQuarantine(system.disk, isDone: isDone, context())
    }

    /// The number of lock files that a store has open once it has used every session: theirs, and the one that it opens first.
    func lockFileCount(_ store: SessionStore) throws -> Int {
        Set((try before.keys.map { try SessionKey($0).lockOffset } + [0]).map { store.lock.path(for: $0) }).count
    }

    /// Stores a turn and returns what the session then holds; nil if the file is unreadable.
    @discardableResult
    func check(
        _ key: String, isDone: Bool, turn: String = "next", _ store: SessionStore, _ system: SimulatedFileSystem, _ context: String
    ) async throws -> [String]? {
        let isThere = (try? system.disk.inode(at: SimulatedFileSystem.path(of: key))) != nil
        var found = Contents.unreadable
        do {
            let seen = try await store.say(turn, length: 10, to: key)
            found = isThere ? .turns(seen) : .absent
            let stored = try Self.turns(of: key, in: system.disk)
            #expect(stored == seen + [turn], "\(context)")
        } catch let error as SessionError where error.code == .unreadable {
        } catch {
            Issue.record("\(context): \(error)")
        }
        #expect(found == after[key] || !isDone && found == before[key], "\(context): \(found)")
        return found == .unreadable ? nil : try Self.turns(of: key, in: system.disk)
    }

    /// The names of the turns in a session's file, which has to be a JSON document.
    static func turns(of key: String, in disk: SimulatedDisk) throws -> [String] {
        let file = try #require(disk.files[try disk.inode(at: SimulatedFileSystem.path(of: key))])
        let document = try #require(try JSONSerialization.jsonObject(with: Data(file.content)) as? [String: Any])
        #expect(document["created_at"] as? String == Turn.make().at || key == "b")
        let turns = try #require(document["turns"] as? [[String: Any]])
        return try turns.filter { $0["summary"] == nil }.map { turn in
            let messages = try #require(turn["messages"] as? [[String: Any]])
            return SessionStore.name(try #require(messages.first?["content"] as? String))
        }
    }

    private func checkQuarantine(_ disk: SimulatedDisk, isDone: Bool, _ context: String) {
        guard !keepsDamagedFile, let names = try? disk.names(in: SimulatedFileSystem.directory.appending("quarantine")) else { return }
        for name in names {
            let path = SimulatedFileSystem.directory.appending("quarantine").appending(name)
            guard let inode = try? disk.inode(at: path), let content = disk.files[inode]?.content else { continue }
            for key in before.keys {
                for turn in acknowledged(key, isDone: isDone) {
                    let start = Array("\"content\":\"\(turn) ".utf8)
                    #expect(content.firstRange(of: start) == nil, "\(self.name): \(context): \(turn) is in the quarantine")
                }
            }
        }
    }
}
