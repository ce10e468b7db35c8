import Foundation
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
