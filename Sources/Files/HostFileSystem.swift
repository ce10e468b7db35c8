import CLinux
import Glibc
import Synchronization
package import SystemPackage

/// The operating system's files. No other file of this module reads `errno`.
package struct HostFileSystem: FileSystem {
    /// True if other machines use the files, too.
    private let isShared: Bool

    package init(isShared: Bool = false) { self.isShared = isShared }

    package func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        if Self.usesProcessLocks.load(ordering: .relaxed), let descriptor = ProcessLocks.reopened(path, flags) { return descriptor }
        // Without O_NONBLOCK a FIFO would hold the thread until somebody else opens it (fifo(7)). Files are not affected.
        return try Self.systemCall { path.withPlatformString { Glibc.open($0, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600) } }
    }

    package func close(_ descriptor: CInt) {
        if Self.usesProcessLocks.load(ordering: .relaxed) { ProcessLocks.close(descriptor) } else { _ = Glibc.close(descriptor) }
    }

    package func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try Self.systemCall { pread(descriptor, buffer.baseAddress, buffer.count, offset) }
    }

    package func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try Self.systemCall { pwrite(descriptor, bytes.baseAddress, bytes.count, offset) }
    }

    package func truncate(_ descriptor: CInt, to length: Int) throws(Errno) { _ = try Self.systemCall { ftruncate(descriptor, length) } }

    package func synchronize(_ descriptor: CInt) throws(Errno) { _ = try Self.systemCall { fdatasync(descriptor) } }

    package func status(of descriptor: CInt) throws(Errno) -> FileStatus {
        guard !Self.lacksStatx.load(ordering: .relaxed) else { return FileStatus(try Self.status(of: descriptor)) }
        var status = clinux_status()
        do throws(Errno) {
            _ = try Self.systemCall { clinux_ask_status(descriptor, &status) }
            return FileStatus(status)
        } catch {
            // An older kernel, or a sandbox that does not know the call and so allows it to nobody.
            guard [.noFunction, .notPermitted, .invalidArgument].contains(error) else { throw error }
            let status = try Self.status(of: descriptor)
            Self.lacksStatx.store(true, ordering: .relaxed)
            return FileStatus(status)
        }
    }

    package func status(at path: FilePath) throws(Errno) -> FileStatus {
        var status = stat()
        _ = try Self.systemCall { path.withPlatformString { stat($0, &status) } }
        return FileStatus(status)
    }

    package func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        _ = try Self.systemCall { path.withPlatformString { from in target.withPlatformString { Glibc.rename(from, $0) } } }
    }

    package func link(_ path: FilePath, to target: FilePath) throws(Errno) {
        _ = try Self.systemCall { path.withPlatformString { from in target.withPlatformString { Glibc.link(from, $0) } } }
    }

    package func unlink(_ path: FilePath) throws(Errno) { _ = try Self.systemCall { path.withPlatformString { Glibc.unlink($0) } } }

    package func dataEnd(_ descriptor: CInt, size: Int) -> Int {
        var end = 0
        // Seeks the next data, and then the hole after it; the end of the file counts as one (lseek(2)). ENXIO: no data follows.
        while end < size {
            let data = lseek(descriptor, end, Self.seekData)
            guard data >= end else { return errno == ENXIO ? end : size }
            let hole = lseek(descriptor, data, Self.seekHole)
            guard hole > data else { return size }
            end = hole
        }
        return min(end, size)
    }

    package func share(_ range: Range<Int>, of source: CInt, with target: CInt) -> Bool {
        let offset = Int64(range.lowerBound)
        return clinux_share_blocks(target, offset, source, offset, Int64(range.count)) == 0
    }

    package func makeDirectory(_ path: FilePath) throws(Errno) { _ = try Self.systemCall { path.withPlatformString { mkdir($0, 0o700) } } }

    package func freeByteCount(at path: FilePath) throws(Errno) -> Int {
        var status = statvfs()
        _ = try Self.systemCall { path.withPlatformString { statvfs($0, &status) } }
        let (bytes, overflows) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflows ? .max : Int(clamping: bytes)
    }

    package func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        try Self.lock(
            { () throws(Errno) in
                _ = try Self.control(descriptor, Self.setOpenFileDescriptionLock, isHeld ? F_WRLCK : F_UNLCK, at: offset)
            }, without: { () throws(Errno) in try ProcessLocks.set(descriptor, at: offset, isHeld: isHeld) })
    }

    package func renewLock(_ descriptor: CInt, at offset: Int64) throws(Errno) {
        // A kernel takes no lock from a process that lives.
        guard isShared else { return }
        // ceph-fuse 16.2 forgets a lock that is set as it is already, and does not free it when the file is closed. Not so if its kind changes.
        // Only the second call tells: a shared lock can have two holders.
        try Self.lock(
            { () throws(Errno) in
                _ = try Self.control(descriptor, Self.setOpenFileDescriptionLock, F_RDLCK, at: offset)
                _ = try Self.control(descriptor, Self.setOpenFileDescriptionLock, F_WRLCK, at: offset)
            }, without: { () throws(Errno) in try ProcessLocks.set(descriptor, at: offset, isHeld: true) })
    }

    package func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool {
        try Self.lock(
            { () throws(Errno) in try Self.control(descriptor, Self.getOpenFileDescriptionLock, F_WRLCK, at: offset) != F_UNLCK },
            without: { () throws(Errno) in try ProcessLocks.isLocked(descriptor, at: offset) })
    }

    /// True once statx(2) was refused where fstat(2) was not.
    private static let lacksStatx = Atomic(false)

    /// True once the kernel has refused a lock because it has none of open file descriptions.
    private static let usesProcessLocks = Atomic(false)

    /// Uses open-file-description locks or, on a kernel that has none, those of the process in their place.
    private static func lock<Result>(
        _ body: () throws(Errno) -> Result, without replacement: () throws(Errno) -> Result
    ) throws(Errno) -> Result {
        if usesProcessLocks.load(ordering: .relaxed) { return try replacement() }
        do throws(Errno) {
            return try body()
        } catch {
            guard isUnknown(error) else { throw error }
            // It may also be this file system that has no locks. No file system decides about standard input.
            do throws(Errno) {
                _ = try control(STDIN_FILENO, getOpenFileDescriptionLock, F_WRLCK, at: 0)
            } catch let reason {
                guard isUnknown(reason) else { throw error }
                usesProcessLocks.store(true, ordering: .relaxed)
                return try replacement()
            }
            throw error
        }
    }

    private static func isUnknown(_ error: Errno) -> Bool { error == .invalidArgument || error == .noFunction }

    /// Makes one of fcntl(2)'s calls for a lock on one byte. Returns the lock's type after it.
    static func control(_ descriptor: CInt, _ command: CInt, _ type: CInt, at offset: Int64) throws(Errno) -> CInt {
        var range = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: Int(offset), l_len: 1, l_pid: 0)
        _ = try systemCall { fcntl(descriptor, command, &range) }
        return CInt(range.l_type)
    }

    static func status(of descriptor: CInt) throws(Errno) -> stat {
        var status = stat()
        _ = try systemCall { fstat(descriptor, &status) }
        return status
    }

    package func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {
        guard geteuid() == 0 else { return }
        var (file, owner) = (stat(), stat())
        _ = try Self.systemCall { fstat(descriptor, &file) }
        _ = try Self.systemCall { (directory.isEmpty ? "." : directory).withPlatformString { stat($0, &owner) } }
        guard (file.st_uid, file.st_gid) != (owner.st_uid, owner.st_gid) else { return }
        _ = try Self.systemCall { fchown(descriptor, owner.st_uid, owner.st_gid) }
    }

    package func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno) {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { throw Errno(rawValue: errno) }
        defer { closedir(stream) }
        if position != 0 { seekdir(stream, position) }
        while true {
            // Null is the end, or an error if errno is set (readdir(3)).
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                return
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard visit(name, telldir(stream)) else { return }
        }
    }

    /// SEEK_DATA and SEEK_HOLE (Linux, unistd.h), which the Glibc module lacks.
    private static let (seekData, seekHole): (CInt, CInt) = (3, 4)
    /// F_OFD_GETLK and F_OFD_SETLK (Linux, fcntl.h), which the Glibc module lacks.
    private static let (getOpenFileDescriptionLock, setOpenFileDescriptionLock): (CInt, CInt) = (36, 37)

    private static func systemCall<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
        let result = call()
        guard result != -1 else { throw Errno(rawValue: errno) }
        return result
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
            modifiedSeconds: status.st_mtim.tv_sec, modifiedNanoseconds: status.st_mtim.tv_nsec,
            isRegular: status.st_mode & S_IFMT == S_IFREG)
        permissions = status.st_mode & 0o7777
    }

    fileprivate init(_ status: clinux_status) {
        self.init(
            device: status.device, inode: status.inode, size: Int(status.size), modifiedSeconds: Int(status.seconds),
            modifiedNanoseconds: Int(status.nanoseconds), isRegular: status.mode & S_IFMT == S_IFREG)
        permissions = status.mode & 0o7777
    }
}
