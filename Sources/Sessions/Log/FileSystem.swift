import Glibc
import SystemPackage

/// What sessions ask of a file system. Each function is one system call: it may be interrupted, and a write may be short.
///
/// The seam at which tests make the nth call fail, or let the process die after it.
protocol FileSystem: Sendable {
    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt
    func close(_ descriptor: CInt)
    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int
    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int
    func truncate(_ descriptor: CInt, to length: Int) throws(Errno)
    /// Returns when the content, and the size that leads to it, are on the disk.
    func synchronize(_ descriptor: CInt) throws(Errno)
    func status(of descriptor: CInt) throws(Errno) -> FileStatus
    func status(at path: FilePath) throws(Errno) -> FileStatus
    /// Takes the name at `target`, whatever had it.
    func rename(_ path: FilePath, to target: FilePath) throws(Errno)
    /// Gives a file a second name; fails where that is taken.
    func link(_ path: FilePath, to target: FilePath) throws(Errno)
    func unlink(_ path: FilePath) throws(Errno)
    func makeDirectory(_ path: FilePath) throws(Errno)
    /// Where the last bytes of a file end that take room on the disk: a hole reads as zeros, however long it is. The file's size where the
    /// file system does not tell.
    func dataEnd(_ descriptor: CInt, size: Int) -> Int
    /// Bytes that this user may still write there.
    func freeByteCount(at path: FilePath) throws(Errno) -> Int
    /// Takes or frees a lock on one byte of a file; `resourceTemporarilyUnavailable` where another process has it.
    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno)
    /// Where this process is the superuser's: gives a file that it made to the owner of a directory.
    func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno)
    /// Names in a directory, in its own order, until `visit` returns false.
    ///
    /// - Parameters:
    ///   - position: where to go on; 0 is the beginning.
    ///   - visit: gets a name, and the position behind it.
    func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno)
}

extension FileSystem {
    /// A file's status; nil where there is no file.
    func statusIfThere(_ path: FilePath) throws(Errno) -> FileStatus? {
        do throws(Errno) {
            return try status(at: path)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw error
        }
    }

    /// Fails where the directory of a file is not there. Then nobody can say that there is no such file: it may come back.
    func checkDirectory(of path: FilePath) throws(Errno) {
        _ = try status(at: path.removingLastComponent())
    }

    /// Makes a directory if it is not there.
    func ensureDirectory(_ path: FilePath) throws(Errno) {
        do throws(Errno) {
            try makeDirectory(path)
        } catch {
            if error == .fileExists { return }
            throw error
        }
        let directory = try File(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, in: self)
        try giveAway(directory.descriptor, toOwnerOf: path.removingLastComponent())
    }

    /// A file system without holes has data up to the end.
    func dataEnd(_ descriptor: CInt, size: Int) -> Int { size }

    /// A file system without users has nothing to give away.
    func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {}
}

/// What tells one state of a file from another: any process's write changes its size or time.
struct FileStatus: Equatable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var modifiedSeconds: Int
    var modifiedNanoseconds: Int
}
