import Crypto
import Chat
import Glibc
import JSON
package import SystemPackage

/// A trial of what sessions need of a file system, with a file of its own in the directory that they would be in.
package struct FileSystemProbe: ~Copyable {
    private let path: FilePath
    private let file: File
    private static let prefix = ".trial-"

    /// Makes the file and writes to it.
    package init(in directory: FilePath) throws(SessionError) {
        let path = directory.appending(Identifier.make(prefix: Self.prefix))
        self.path = path
        file = try attempt("create a file in \(directory)") { () throws(Errno) in
            try File.create(path, in: UninterruptedFileSystem(HostFileSystem()))
        }
    }

    deinit { try? file.system.unlink(path) }

    /// Writes a block, reads it again, and returns when it is on the disk, as far as the system says so.
    package func write() throws(SessionError) {
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        let copy = try attempt("write in \(directory)") { () throws(Errno) in
            try file.write(block, at: 0)
            return try file.read(0..<block.count)
        }
        guard copy == block else { throw SessionError(.storageUnavailable, "What was written in \(directory) is not what is read there") }
        try attempt("put a file of \(directory) on the disk (fdatasync)") { () throws(Errno) in try file.synchronize() }
    }

    /// Takes the kind of lock that turns take, and sees that it keeps others out until it is freed.
    package func lock() throws(SessionError) {
        // Of another description: to that the first one's lock is somebody else's, in the same process, too.
        let other = try attempt("open \(path)") { () throws(Errno) in try File(path, O_RDWR, in: file.system) }
        try attempt("lock a file of \(directory)") { () throws(Errno) in try file.system.setLock(file.descriptor, at: 0, isHeld: true) }
        guard Self.isLocked(other) else {
            throw SessionError(.storageUnavailable, "A lock on a file of \(directory) does not keep others from taking it")
        }
        try attempt("free a file of \(directory)") { () throws(Errno) in
            try file.system.setLock(file.descriptor, at: 0, isHeld: false)
            try file.system.setLock(other.descriptor, at: 0, isHeld: true)
        }
    }

    /// How many bytes this user may still write there.
    package func freeByteCount() throws(SessionError) -> Int {
        try attempt("look at \(directory)") { () throws(Errno) in try file.system.freeByteCount(at: directory) }
    }

    private var directory: FilePath { path.removingLastComponent() }

    private static func isLocked(_ file: borrowing File) -> Bool {
        do throws(Errno) {
            try file.system.setLock(file.descriptor, at: 0, isHeld: true)
            return false
        } catch {
            return true
        }
    }
}
