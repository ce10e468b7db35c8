@testable import Files
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// This process looks at the locks by a descriptor that has its own (F_OFD_GETLK), as another process would.
@Suite("Locks of the process in place of those of open files", .serialized)
struct ProcessLocksTests {
    private let directory: TemporaryDirectory
    private let path: FilePath
    private let observer: CInt

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path.appending("file")
        observer = try HostFileSystem().open(path, O_RDWR | O_CREAT)
    }

    /// As the file system does it.
    private func open(_ flags: CInt = O_RDWR) throws -> CInt {
        try ProcessLocks.reopened(path, flags) ?? HostFileSystem().open(path, flags)
    }

    private func isLocked(_ offset: Int64) throws -> Bool { try HostFileSystem().isLocked(observer, at: offset) }

    private var descriptors: Int {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")) == path.string
            }
        }
    }

    @Test("a lock stays although the process opens and closes its file, and ends with its own descriptor")
    func otherDescriptors() throws {
        defer { ProcessLocks.close(observer) }
        let (first, second) = (try open(), try open())
        try ProcessLocks.set(first, at: 1 << 62, isHeld: true)
        try ProcessLocks.set(second, at: 7, isHeld: true)
        for flags in [O_RDWR, O_RDONLY, O_RDWR | O_NOFOLLOW] { ProcessLocks.close(try open(flags)) }
        #expect(try isLocked(1 << 62) && isLocked(7))
        ProcessLocks.close(second)
        #expect(try isLocked(1 << 62) && !isLocked(7))
        ProcessLocks.close(first)
        #expect(try !isLocked(1 << 62))
        #expect(try descriptors == 1)
    }

    @Test("what one descriptor has locked is another's to see, and neither to take nor to free")
    func exclusion() throws {
        defer { ProcessLocks.close(observer) }
        let (first, second) = (try open(), try open())
        try ProcessLocks.set(first, at: 1, isHeld: true)
        try ProcessLocks.set(first, at: 1, isHeld: true)
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try ProcessLocks.set(second, at: 1, isHeld: true) }
        #expect(try ProcessLocks.isLocked(second, at: 1) && !ProcessLocks.isLocked(first, at: 1))
        try ProcessLocks.set(second, at: 1, isHeld: false)
        #expect(try isLocked(1))
        try ProcessLocks.set(first, at: 1, isHeld: false)
        try ProcessLocks.set(second, at: 1, isHeld: true)
        #expect(try isLocked(1))
        for descriptor in [first, second] { ProcessLocks.close(descriptor) }
    }

    @Test("what somebody else has locked is neither free nor taken")
    func others() throws {
        defer { ProcessLocks.close(observer) }
        let descriptor = try open()
        try HostFileSystem().setLock(observer, at: 3, isHeld: true)
        #expect(try ProcessLocks.isLocked(descriptor, at: 3))
        #expect(throws: Errno.resourceTemporarilyUnavailable) { try ProcessLocks.set(descriptor, at: 3, isHeld: true) }
        try HostFileSystem().setLock(observer, at: 3, isHeld: false)
        #expect(try !ProcessLocks.isLocked(descriptor, at: 3))
        ProcessLocks.close(descriptor)
    }

    @Test("a file with a lock is opened and closed any number of times, with a few descriptors")
    func reuse() throws {
        defer { ProcessLocks.close(observer) }
        let holder = try open()
        try ProcessLocks.set(holder, at: 1, isHeld: true)
        _ = try inParallel(4) { _ in
            for _ in 0..<500 {
                for flags in [O_RDONLY, O_RDWR] { ProcessLocks.close(try open(flags)) }
            }
        }
        #expect(try isLocked(1))
        #expect(try descriptors <= 2 + 8)
        ProcessLocks.close(holder)
        #expect(try descriptors == 1)
    }
}
