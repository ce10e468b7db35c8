import Concurrency
@testable import Files
import Glibc
import SystemPackage

@testable import Sessions
@testable import TestSupport

/// A file system with a peculiarity.
struct AlteredFileSystem: FileSystem {
    var base: any FileSystem = SimulatedFileSystem()
    /// What taking a lock fails with.
    var lockError: Errno?
    /// True if every file has the same inode and time: the inode of a removed file is used again within a tick of the clock.
    var repeatsStatus = false
    /// The connection to a file system that several machines mount.
    var connection: Connection?

    /// What a machine has of a file system that it mounts over a network.
    final class Connection: Sendable {
        private struct State {
            var locks: [(descriptor: CInt, offset: Int64)] = []
            var dead: Set<CInt> = []
        }

        private let state = Mutex(State())

        /// Cuts the machine off, whereupon its locks are freed, and connects it again.
        ///
        /// - Parameter kills: true if the descriptors that had locks can no longer be used, as with GlusterFS.
        func interrupt(kills: Bool) throws {
            try state.withLock { state in
                for (descriptor, offset) in state.locks { try HostFileSystem().setLock(descriptor, at: offset, isHeld: false) }
                if kills { state.dead.formUnion(state.locks.map(\.descriptor)) }
                state.locks = []
            }
        }

        func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
            try state.withLock { state throws(Errno) in
                guard !state.dead.contains(descriptor) else { throw Errno(rawValue: EBADFD) }
                try HostFileSystem().setLock(descriptor, at: offset, isHeld: isHeld)
                state.locks.removeAll { $0 == (descriptor, offset) }
                if isHeld { state.locks.append((descriptor, offset)) }
            }
        }

        func close(_ descriptor: CInt) {
            state.withLock { state in
                state.locks.removeAll { $0.descriptor == descriptor }
                state.dead.remove(descriptor)
                HostFileSystem().close(descriptor)
            }
        }
    }

    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        if let connection { return try connection.setLock(descriptor, at: offset, isHeld: isHeld) }
        guard let lockError else { return try base.setLock(descriptor, at: offset, isHeld: isHeld) }
        if isHeld { throw lockError }
    }

    private func altered(_ status: FileStatus) -> FileStatus {
        var status = status
        if repeatsStatus { (status.inode, status.modifiedSeconds) = (7, 0) }
        return status
    }

    func status(of descriptor: CInt) throws(Errno) -> FileStatus { altered(try base.status(of: descriptor)) }
    func status(at path: FilePath) throws(Errno) -> FileStatus { altered(try base.status(at: path)) }

    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt { try base.open(path, flags) }
    func close(_ descriptor: CInt) {
        if let connection { connection.close(descriptor) } else { base.close(descriptor) }
    }
    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.read(descriptor, into: buffer, at: offset)
    }
    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.write(descriptor, bytes, at: offset)
    }
    func truncate(_ descriptor: CInt, to length: Int) throws(Errno) { try base.truncate(descriptor, to: length) }
    func synchronize(_ descriptor: CInt) throws(Errno) { try base.synchronize(descriptor) }
    func rename(_ path: FilePath, to target: FilePath) throws(Errno) { try base.rename(path, to: target) }
    func link(_ path: FilePath, to target: FilePath) throws(Errno) { try base.link(path, to: target) }
    func unlink(_ path: FilePath) throws(Errno) { try base.unlink(path) }
    func makeDirectory(_ path: FilePath) throws(Errno) { try base.makeDirectory(path) }
    func freeByteCount(at path: FilePath) throws(Errno) -> Int { try base.freeByteCount(at: path) }
    func visitNames(in directory: FilePath, from position: Int, _ visit: (String, Int) -> Bool) throws(Errno) {
        try base.visitNames(in: directory, from: position, visit)
    }
}
