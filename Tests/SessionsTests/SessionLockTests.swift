@testable import Files
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("The session lock")
struct SessionLockTests {
    @Test("a turn that waits too long is told that the session is busy", arguments: [true, false])
    func busy(inOneProcess: Bool) async throws {
        let directory = try TemporaryDirectory()
        let first = try SessionLock(directory.path, timeout: .milliseconds(50))
        // A second open file description plays another process, because locks belong to descriptions (fcntl(2)).
        let second = inOneProcess ? first : try SessionLock(directory.path, timeout: .milliseconds(50))
        let key = try SessionKey("a")
        let (holding, gate) = (Gate(), Gate())
        let holder = Task {
            try await first.withLock(key) {
                holding.open()
                await gate.pass()
            }
        }
        await holding.pass()
        let error = await #expect(throws: SessionError.self) { try await second.withLock(key) {} }
        #expect(error?.code == .busy)
        // Another session does not wait.
        try await second.withLock(SessionKey("b")) {}
        gate.open()
        try await holder.value
        try await second.withLock(key) {}
    }

    @Test("a turn that had to wait keeps nothing of the lock once it was served")
    func release() async throws {
        let directory = try TemporaryDirectory()
        weak var left: SessionLock?
        do {
            let lock = try SessionLock(directory.path, timeout: .seconds(600))
            left = lock
            let key = try SessionKey("a")
            let (holding, gate) = (Gate(), Gate())
            let holder = Task {
                try await lock.withLock(key) {
                    holding.open()
                    await gate.pass()
                }
            }
            await holding.pass()
            let waiter = Task { try await lock.withLock(key) {} }
            while lock.waiterCount(key) == 0 { await Task.yield() }
            gate.open()
            try await holder.value
            try await waiter.value
        }
        #expect(try await eventually { left == nil })
    }

    @Test("a lock that the system denies is an error at once, and names the file", arguments: [EACCES, EINVAL, ENOLCK])
    func denied(_ code: CInt) async throws {
        let system = AlteredFileSystem(lockError: Errno(rawValue: code))
        let lock = SessionLock("/data/locks", directories: ["/data"], timeout: .seconds(600), in: system)
        let error = await #expect(throws: SessionError.self) { try await lock.withLock(SessionKey("a")) {} }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.description.contains("/data/locks-") == true)
    }

    @Test("a process that is stopped while it waits for a session blocks it for nobody else")
    func stoppedWaiter() async throws {
        let directory = try TemporaryDirectory()
        let lock = try SessionLock(directory.path, timeout: .seconds(60))
        let key = try SessionKey("a")
        // As the other process had it when it was stopped: the head of the queue, and not the session.
        let stopped = try LockFile(lock.path(for: key.queueOffset), in: HostFileSystem())
        #expect(try stopped.claimIfFree(key.queueOffset))
        for _ in 0..<2 { #expect(try await lock.withLock(key) { try stopped.claimIfFree(key.lockOffset) } == false) }
        stopped.free(key.queueOffset)
        try await lock.withLock(key) {}
        for offset in [key.lockOffset, key.queueOffset] { #expect(try stopped.claimIfFree(offset)) }
    }

    @Test("a turn whose lock file was removed or replaced meanwhile is not stored", arguments: [false, true], [false, true])
    func lostLockFile(isReplaced: Bool, isFirst: Bool) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("a")
        if !isFirst { try await store.say("one") }
        let path = store.lock.path(for: key.lockOffset)
        let error = await #expect(throws: SessionError.self) {
            _ = try await store.turn(of: key, from: .make()) { _ in
                try FileManager.default.removeItem(atPath: path.string)
                if isReplaced { try Data().write(to: URL(fileURLWithPath: path.string)) }
                return .make("two")
            }
        }
        #expect(error?.code == .storageUnavailable)
        #expect(try await store.say("three") == (isFirst ? [] : ["one"]))
    }

    @Test("sessions are spread over sixteen files, evenly")
    func files() async throws {
        let directory = try TemporaryDirectory()
        let lock = try SessionLock(directory.path, timeout: .zero)
        let keys = try (0..<1600).map { try SessionKey("wx:dm:\($0)") }
        for key in keys.prefix(160) { try await lock.withLock(key) {} }
        let names = (0..<16).map { "locks-" + String($0, radix: 16) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path.string).sorted() == names)
        let counts = Dictionary(grouping: keys) { lock.path(for: $0.lockOffset) }.mapValues(\.count)
        #expect(counts.count == 16 && counts.values.allSatisfy { 50...150 ~= $0 })
        #expect(keys.allSatisfy { lock.path(for: $0.queueOffset) == lock.path(for: $0.lockOffset) })
    }

    @Test("turns of one session run in the order of their arrival")
    func order() async throws {
        let directory = try TemporaryDirectory()
        let lock = try SessionLock(directory.path, timeout: .seconds(600))
        let key = try SessionKey("a")
        let (holding, gate) = (Gate(), Gate())
        let ran = Log<Int>()
        let holder = Task {
            try await lock.withLock(key) {
                holding.open()
                await gate.pass()
            }
        }
        await holding.pass()
        var waiters: [Task<Void, any Error>] = []
        for number in 0..<20 {
            waiters.append(Task { try await lock.withLock(key) { ran.append(number) } })
            // The next one starts when this one is in the queue.
            while lock.waiterCount(key) <= number { await Task.yield() }
        }
        gate.open()
        try await holder.value
        for waiter in waiters { try await waiter.value }
        #expect(ran.entries == Array(0..<20))
        #expect(lock.waiterCount(key) == 0)
    }
}

extension SessionLock {
    fileprivate convenience init(_ directory: FilePath, timeout: Duration) throws {
        self.init(directory.appending("locks"), directories: [], timeout: timeout, in: HostFileSystem())
    }
}
