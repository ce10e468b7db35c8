import Concurrency
@testable import Files
import Glibc
import SystemPackage
import Testing

@testable import Sessions
@testable import TestSupport

@Suite("File system calls that a signal interrupts")
struct UninterruptedFileSystemTests {
    @Test("every call is repeated until it is not interrupted, and has its effect once")
    func everyCall() throws {
        let disk = SimulatedFileSystem()
        let interrupting = InterruptingFileSystem(base: disk)
        let system = UninterruptedFileSystem(interrupting)

        try system.makeDirectory("/data")
        let descriptor = try system.open("/data/a", O_RDWR | O_CREAT | O_EXCL)
        let written = try [UInt8]("content".utf8).withUnsafeBytes { bytes throws(Errno) in
            try system.write(descriptor, UnsafeRawBufferPointer(bytes), at: 0)
        }
        try system.truncate(descriptor, to: 4)
        try system.synchronize(descriptor)
        var bytes = [UInt8](repeating: 0, count: 16)
        let read = try bytes.withUnsafeMutableBytes { buffer throws(Errno) in try system.read(descriptor, into: buffer, at: 0) }
        #expect(written == 7 && read == 4 && bytes.prefix(read).elementsEqual("cont".utf8))
        #expect(try system.status(of: descriptor) == system.status(at: "/data/a"))
        #expect(system.dataEnd(descriptor, size: 4) == 4)
        try system.setLock(descriptor, at: 0, isHeld: true)
        #expect(disk.heldLockCount == 1)
        try system.setLock(descriptor, at: 0, isHeld: false)
        try system.giveAway(descriptor, toOwnerOf: "/data")
        system.close(descriptor)
        #expect(disk.openDescriptorCount == 0)
        try system.link("/data/a", to: "/data/b")
        try system.rename("/data/a", to: "/data/c")
        try system.unlink("/data/b")
        #expect(try disk.disk.names(in: "/data") == ["c"])
        #expect(try system.freeByteCount(at: "/data") > 0)

        // Each call of the protocol that can fail, but for the names of a directory.
        #expect(
            interrupting.interrupted.sorted()
                == [
                    "freeByteCount", "giveAway", "link", "makeDirectory", "open", "read", "rename", "setLock", "setLock", "status",
                    "status",
                    "synchronize", "truncate", "unlink", "write",
                ])
    }

    @Test("a directory's names are visited once each, wherever the visit is interrupted")
    func names() throws {
        let disk = SimulatedFileSystem()
        try disk.makeDirectory("/data")
        let all = (0..<5).map { "name-\($0)" }
        for name in all { disk.close(try disk.open(FilePath("/data").appending(name), O_RDWR | O_CREAT)) }
        let system = UninterruptedFileSystem(InterruptingFileSystem(base: disk))
        var seen: [String] = []
        try system.visitNames(in: "/data", from: 1) { name, _ in
            seen.append(name)
            return true
        }
        #expect(seen == Array(all.dropFirst()))
        seen = []
        try system.visitNames(in: "/data", from: 0) { name, _ in
            seen.append(name)
            return seen.count < 2
        }
        #expect(seen == Array(all.prefix(2)))
    }

    @Test("an error other than an interruption is thrown at once")
    func otherError() {
        let disk = SimulatedFileSystem()
        #expect(throws: Errno.noSuchFileOrDirectory) { try UninterruptedFileSystem(disk).status(at: "/none") }
        #expect(disk.calls.count == 1)
    }
}

/// Interrupts every call twice before it lets it through, and the visit of a directory at each name.
private final class InterruptingFileSystem: FileSystem {
    private struct State {
        var interruptions = 0
        var interrupted: [String] = []
    }

    private let base: any FileSystem
    private let state = Mutex(State())

    init(base: any FileSystem) { self.base = base }

    /// The calls that were interrupted and then let through.
    var interrupted: [String] { state.withLock(\.interrupted) }

    private func interrupt(_ call: String) throws(Errno) {
        try state.withLock { state throws(Errno) in
            state.interruptions += 1
            guard state.interruptions == 3 else { throw .interrupted }
            state.interruptions = 0
            state.interrupted.append(call)
        }
    }

    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        try interrupt("open")
        return try base.open(path, flags)
    }

    func close(_ descriptor: CInt) { base.close(descriptor) }

    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try interrupt("read")
        return try base.read(descriptor, into: buffer, at: offset)
    }

    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try interrupt("write")
        return try base.write(descriptor, bytes, at: offset)
    }

    func truncate(_ descriptor: CInt, to length: Int) throws(Errno) {
        try interrupt("truncate")
        try base.truncate(descriptor, to: length)
    }

    func synchronize(_ descriptor: CInt) throws(Errno) {
        try interrupt("synchronize")
        try base.synchronize(descriptor)
    }

    func status(of descriptor: CInt) throws(Errno) -> FileStatus {
        try interrupt("status")
        return try base.status(of: descriptor)
    }

    func status(at path: FilePath) throws(Errno) -> FileStatus {
        try interrupt("status")
        return try base.status(at: path)
    }

    func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        try interrupt("rename")
        try base.rename(path, to: target)
    }

    func link(_ path: FilePath, to target: FilePath) throws(Errno) {
        try interrupt("link")
        try base.link(path, to: target)
    }

    func unlink(_ path: FilePath) throws(Errno) {
        try interrupt("unlink")
        try base.unlink(path)
    }

    func makeDirectory(_ path: FilePath) throws(Errno) {
        try interrupt("makeDirectory")
        try base.makeDirectory(path)
    }

    func freeByteCount(at path: FilePath) throws(Errno) -> Int {
        try interrupt("freeByteCount")
        return try base.freeByteCount(at: path)
    }

    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        try interrupt("setLock")
        try base.setLock(descriptor, at: offset, isHeld: isHeld)
    }

    func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {
        try interrupt("giveAway")
        try base.giveAway(descriptor, toOwnerOf: directory)
    }

    func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno) {
        var goesOn = true
        var visits = 0
        try base.visitNames(in: directory, from: position) { name, next in
            guard visits == 0 else {
                visits += 1
                return false
            }
            visits = 1
            goesOn = visit(name, next)
            return goesOn
        }
        if goesOn, visits > 0 { throw .interrupted }
    }
}
