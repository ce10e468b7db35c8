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
        let system = DenyingFileSystem(error: Errno(rawValue: code))
        let lock = SessionLock("/data/locks", directories: ["/data"], timeout: .seconds(600), in: system)
        let error = await #expect(throws: SessionError.self) { try await lock.withLock(SessionKey("a")) {} }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.description.contains("/data/locks-") == true)
        #expect(error?.description.contains("no open-file-description locks") == (code == EINVAL))
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

/// Refuses every lock.
private struct DenyingFileSystem: FileSystem {
    let base = SimulatedFileSystem()
    let error: Errno

    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) { if isHeld { throw error } }

    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt { try base.open(path, flags) }
    func close(_ descriptor: CInt) { base.close(descriptor) }
    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.read(descriptor, into: buffer, at: offset)
    }
    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.write(descriptor, bytes, at: offset)
    }
    func truncate(_ descriptor: CInt, to length: Int) throws(Errno) { try base.truncate(descriptor, to: length) }
    func synchronize(_ descriptor: CInt) throws(Errno) { try base.synchronize(descriptor) }
    func status(of descriptor: CInt) throws(Errno) -> FileStatus { try base.status(of: descriptor) }
    func status(at path: FilePath) throws(Errno) -> FileStatus { try base.status(at: path) }
    func rename(_ path: FilePath, to target: FilePath) throws(Errno) { try base.rename(path, to: target) }
    func link(_ path: FilePath, to target: FilePath) throws(Errno) { try base.link(path, to: target) }
    func unlink(_ path: FilePath) throws(Errno) { try base.unlink(path) }
    func makeDirectory(_ path: FilePath) throws(Errno) { try base.makeDirectory(path) }
    func freeByteCount(at path: FilePath) throws(Errno) -> Int { try base.freeByteCount(at: path) }
    func visitNames(in directory: FilePath, from position: Int, _ visit: (String, Int) -> Bool) throws(Errno) {
        try base.visitNames(in: directory, from: position, visit)
    }
}

extension SessionLock {
    fileprivate convenience init(_ directory: FilePath, timeout: Duration) throws {
        self.init(directory.appending("locks"), directories: [], timeout: timeout, in: HostFileSystem())
    }
}
