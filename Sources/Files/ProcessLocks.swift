import Concurrency
import Glibc
import SystemPackage

/// Locks of open files for kernels that have only those of processes (fcntl(2), F_SETLK): before Linux 3.15, and in gVisor.
///
/// A process loses all its locks on a file when it closes any descriptor of it. So a descriptor of a file on which there are locks stays
/// open, and whoever opens the file next gets it. And a process's locks exclude nobody in it: which descriptor has a byte is kept here.
enum ProcessLocks {
    private struct Identity: Hashable {
        var device: dev_t
        var inode: ino_t
    }

    /// A file on which this process has locks.
    private struct LockedFile {
        var owners: [Int64: CInt] = [:]
        /// The descriptors that would be closed if there were no locks, and how each was opened.
        var unused: [(descriptor: CInt, mode: CInt)] = []
    }

    /// Held while a descriptor is closed, too: another thread may lock its file.
    private static let files = Mutex<[Identity: LockedFile]>([:])

    /// As `FileSystem.setLock`.
    static func set(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        let identity = try identity(of: descriptor)
        try files.withLock { files throws(Errno) in
            var file = files[identity] ?? LockedFile()
            let owner = file.owners[offset]
            if isHeld, let owner {
                if owner != descriptor { throw .resourceTemporarilyUnavailable }
            } else if isHeld || owner == descriptor {
                _ = try HostFileSystem.control(descriptor, F_SETLK, isHeld ? F_WRLCK : F_UNLCK, at: offset)
                file.owners[offset] = isHeld ? descriptor : nil
                files[identity] = rest(of: file)
            }
        }
    }

    /// As `FileSystem.isLocked`.
    static func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool {
        let identity = try identity(of: descriptor)
        return try files.withLock { files throws(Errno) in
            if let owner = files[identity]?.owners[offset] { return owner != descriptor }
            return try HostFileSystem.control(descriptor, F_GETLK, F_WRLCK, at: offset) != F_UNLCK
        }
    }

    /// Ends a descriptor's locks, and closes it as soon as no other one has locks on its file.
    static func close(_ descriptor: CInt) {
        files.withLock { files in
            guard let identity = try? identity(of: descriptor), var file = files[identity] else {
                _ = Glibc.close(descriptor)
                return
            }
            for (offset, owner) in file.owners where owner == descriptor {
                _ = try? HostFileSystem.control(descriptor, F_SETLK, F_UNLCK, at: offset)
                file.owners[offset] = nil
            }
            file.unused.append((descriptor, fcntl(descriptor, F_GETFL) & O_ACCMODE))
            files[identity] = rest(of: file)
        }
    }

    /// A descriptor of a file that could not be closed; nil if there is none that was opened in this way.
    static func reopened(_ path: FilePath, _ flags: CInt) -> CInt? {
        guard flags == O_RDONLY || flags == O_RDWR else { return nil }
        return files.withLock { files in
            var status = stat()
            guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
            let identity = Identity(device: status.st_dev, inode: status.st_ino)
            guard let index = files[identity]?.unused.firstIndex(where: { $0.mode == flags }) else { return nil }
            return files[identity]?.unused.remove(at: index).descriptor
        }
    }

    /// What is left of a file: nothing, and its descriptors are closed, if there are no locks on it.
    private static func rest(of file: LockedFile) -> LockedFile? {
        guard file.owners.isEmpty else { return file }
        for (descriptor, _) in file.unused { _ = Glibc.close(descriptor) }
        return nil
    }

    private static func identity(of descriptor: CInt) throws(Errno) -> Identity {
        let status = try HostFileSystem.status(of: descriptor)
        return Identity(device: status.st_dev, inode: status.st_ino)
    }
}
