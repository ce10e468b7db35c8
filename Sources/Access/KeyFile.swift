package import Files
import Glibc
package import SystemPackage

/// The file of API keys. It is replaced whole, so that a reader never sees half of it, and each change is on the disk when it returns.
package struct KeyFile: Sendable {
    package let path: FilePath
    let system: any FileSystem

    /// In bytes: more than half a million keys.
    private static let maximumSize = 1 << 28

    package init(_ path: FilePath, in system: any FileSystem = HostFileSystem()) {
        (self.path, self.system) = (path, UninterruptedFileSystem(system))
    }

    /// Which file there is now; nil if there is none. A change of the keys is another file.
    func status() throws(KeyFileError) -> FileStatus? {
        try attempt("looked at") { () throws(Errno) in try system.statusIfThere(path) }
    }

    /// The keys in the file; nil if there is none.
    ///
    /// - Throws: also if others than its owner may read or write it.
    package func read() throws(KeyFileError) -> KeyRing? { try load()?.ring }

    /// The keys, and the file's bytes and status.
    func load() throws(KeyFileError) -> (ring: KeyRing, bytes: [UInt8], status: FileStatus)? {
        guard let file = try opened() else { return nil }
        let status = try status(of: file)
        let bytes = try attempt("read") { () throws(Errno) in try file.read(0..<status.size) }
        do throws(KeyFileError) {
            return (try KeyRing(bytes), bytes, status)
        } catch {
            throw KeyFileError(path, error.description)
        }
    }

    /// The status of the open file, which is one that may be used.
    func status(of file: borrowing File) throws(KeyFileError) -> FileStatus {
        let status: FileStatus
        do throws(Errno) {
            status = try file.status()
        } catch {
            throw KeyFileError(path, "cannot be looked at: \(error)")
        }
        guard status.isRegular else { throw KeyFileError(path, "is no file") }
        guard status.permissions & 0o077 == 0 else {
            throw KeyFileError(path, "may be read or written by others than its owner: run chmod 600 \(path)")
        }
        guard status.size <= Self.maximumSize else { throw KeyFileError(path, "is larger than \(Self.maximumSize) bytes") }
        return status
    }

    /// The file; nil if there is none.
    func opened() throws(KeyFileError) -> File? {
        do throws(Errno) {
            return try File(path, O_RDONLY, in: system)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw KeyFileError(path, "cannot be opened: \(error)")
        }
    }

    /// Changes the keys, while no other process does. If there is no file, one is created, for its owner alone. A file keeps its owner, and
    /// a link its place.
    ///
    /// - Parameter change: if it throws, the file stays as it is.
    package func change<Result>(_ change: (inout KeyRing) throws(KeyFileError) -> Result) throws(KeyFileError) -> Result {
        let directory = path.removingLastComponent()
        try attempt("written, as its directory cannot be created") { () throws(Errno) in try system.ensureDirectory(directory) }
        let target = target
        let lock = try attempt("locked") { () throws(Errno) in try File.openOrCreate(lockPath, in: system) }
        try take(lock)
        var ring = try read() ?? KeyRing()
        let result = try change(&ring)
        let bytes = ring.serialized
        try attempt("written") { () throws(Errno) in
            let owner = try system.statusIfThere(target).map { _ in target }
            let file = try File.replace(target, by: bytes, ownedAs: owner, in: system)
            try File(target.removingLastComponent(), O_RDONLY | O_DIRECTORY, in: system).synchronize()
            if let status = try? file.status() { writeIndex(of: ring, bytes, status) }
        }
        return result
    }

    /// The file itself, if the path is a link.
    var target: FilePath {
        let resolved = path.withPlatformString { realpath($0, nil) }
        defer { free(resolved) }
        return resolved.map { FilePath(platformString: $0) } ?? path
    }

    /// Whoever changes the keys, or writes their index, has a lock on this file.
    var lockPath: FilePath { FilePath(target.string + ".lock") }

    /// Takes the lock that a process has while it changes the file, which takes milliseconds. It ends with the descriptor.
    private func take(_ lock: borrowing File) throws(KeyFileError) {
        guard try attempt("locked", { () throws(Errno) in try lock.waitForLock(at: 0, upTo: .seconds(10)) }) else {
            throw KeyFileError(path, "is being changed by another process")
        }
    }

    private func attempt<Result: ~Copyable>(_ what: String, _ body: () throws(Errno) -> Result) throws(KeyFileError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw KeyFileError(path, "cannot be \(what): \(error)")
        }
    }
}
