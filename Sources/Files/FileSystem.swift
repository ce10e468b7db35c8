import Glibc
package import SystemPackage

/// The calls that sessions make to a file system. Each is one system call: it may be interrupted, and a write may be short.
///
/// Here tests make the nth call fail, or end the process after it.
package protocol FileSystem: Sendable {
    /// Never waits, whatever the path names.
    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt
    func close(_ descriptor: CInt)
    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int
    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int
    func truncate(_ descriptor: CInt, to length: Int) throws(Errno)
    /// Returns when the content and the size are on the disk.
    func synchronize(_ descriptor: CInt) throws(Errno)
    /// As the file is now, also where another machine has just changed it.
    func status(of descriptor: CInt) throws(Errno) -> FileStatus
    /// On a network file system it may be as old as that one's cache.
    func status(at path: FilePath) throws(Errno) -> FileStatus
    /// Replaces whatever has the name `target`.
    func rename(_ path: FilePath, to target: FilePath) throws(Errno)
    /// Gives a file a second name; fails if that is taken.
    func link(_ path: FilePath, to target: FilePath) throws(Errno)
    func unlink(_ path: FilePath) throws(Errno)
    func makeDirectory(_ path: FilePath) throws(Errno)
    /// The end of the file's last bytes that take room on the disk; `size` if the file system does not tell. What follows is a hole, which
    /// reads as zeros however long it is.
    func dataEnd(_ descriptor: CInt, size: Int) -> Int
    /// Lets whole blocks of a file be those of another one, at the same place in it; false if the file system cannot.
    func share(_ range: Range<Int>, of source: CInt, with target: CInt) -> Bool
    /// The number of bytes that this user may still write.
    func freeByteCount(at path: FilePath) throws(Errno) -> Int
    /// Takes or frees a lock on one byte of a file; throws `resourceTemporarilyUnavailable` if another process has it, and nothing else then
    /// (Linux, fs/locks.c; POSIX allows EACCES too).
    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno)
    /// Asks again for a lock on one byte that this process should have; throws as `setLock` does.
    func renewLock(_ descriptor: CInt, at offset: Int64) throws(Errno)
    /// True if another process has a lock on one byte of a file. Takes none itself.
    func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool
    /// Gives a file that this process created to the owner of a directory, if the process is the superuser's.
    func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno)
    /// Visits the names in a directory, in its own order, until `visit` returns false.
    ///
    /// - Parameters:
    ///   - position: where to begin; 0 is the first name.
    ///   - visit: gets a name and the position after it.
    func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno)
}

extension FileSystem {
    /// A file's status; nil if there is no file.
    package func statusIfThere(_ path: FilePath) throws(Errno) -> FileStatus? {
        do throws(Errno) {
            return try status(at: path)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw error
        }
    }

    /// Fails if the directory of a file is missing. Then the file may exist, and come back with its directory.
    package func checkDirectory(of path: FilePath) throws(Errno) {
        _ = try status(at: path.removingLastComponent())
    }

    /// Creates a directory if it does not exist.
    package func ensureDirectory(_ path: FilePath) throws(Errno) {
        do throws(Errno) {
            try makeDirectory(path)
        } catch {
            if error == .fileExists { return }
            throw error
        }
        let directory = try File(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, in: self)
        try giveAway(directory.descriptor, toOwnerOf: path.removingLastComponent())
        // A parent that cannot be read is on the disk sooner or later; nobody waits for it.
        try? File(path.removingLastComponent(), O_RDONLY | O_DIRECTORY, in: self).synchronize()
    }

    /// For a file system without holes.
    package func dataEnd(_ descriptor: CInt, size: Int) -> Int { size }

    /// For a file system that shares no blocks.
    package func share(_ range: Range<Int>, of source: CInt, with target: CInt) -> Bool { false }

    /// For a file system that takes a lock twice.
    package func renewLock(_ descriptor: CInt, at offset: Int64) throws(Errno) { try setLock(descriptor, at: offset, isHeld: true) }

    /// For a file system whose locks only one process at a time asks for.
    package func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool {
        do throws(Errno) {
            try setLock(descriptor, at: offset, isHeld: true)
            try setLock(descriptor, at: offset, isHeld: false)
            return false
        } catch {
            guard error == .resourceTemporarilyUnavailable else { throw error }
            return true
        }
    }

    /// For a file system without users.
    package func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {}
}

/// Identifies one state of a file: a write by any process changes the size or the time.
package struct FileStatus: Equatable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var size: Int
    package var modifiedSeconds: Int
    package var modifiedNanoseconds: Int
    /// False if it is a directory, a FIFO, a device or a socket.
    package var isRegular = true
    /// Who may read, write and run it, as in chmod(1).
    package var permissions: UInt32 = 0o600

    package init(device: UInt64, inode: UInt64, size: Int, modifiedSeconds: Int, modifiedNanoseconds: Int, isRegular: Bool = true) {
        (self.device, self.inode, self.size) = (device, inode, size)
        (self.modifiedSeconds, self.modifiedNanoseconds, self.isRegular) = (modifiedSeconds, modifiedNanoseconds, isRegular)
    }
}
