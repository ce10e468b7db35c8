import Crypto
import Chat
import Files
import Glibc
import JSON
package import SystemPackage

/// Tests what sessions need from a file system, with a temporary file in the directory where they would be.
package struct FileSystemProbe: ~Copyable {
    private let path: FilePath
    private let file: File
    private static let prefix = ".trial-"

    /// Creates the file.
    package init(in directory: FilePath) throws(SessionError) {
        let path = directory.appending(Identifier.make(prefix: Self.prefix))
        self.path = path
        file = try attempt("create a file in \(directory)") { () throws(Errno) in
            try File.create(path, in: UninterruptedFileSystem(HostFileSystem()))
        }
    }

    deinit { try? file.system.unlink(path) }

    /// Writes a block, reads it back, and returns when the system says that it is on the disk.
    package func write() throws(SessionError) {
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
        let copy = try attempt("write in \(directory)") { () throws(Errno) in
            try file.write(block, at: 0)
            return try file.read(0..<block.count)
        }
        guard copy == block else { throw SessionError(.storageUnavailable, "Data written to \(directory) reads back differently") }
        try attempt("write a file in \(directory) through to the disk (fdatasync)") { () throws(Errno) in try file.synchronize() }
    }

    /// Takes the kind of lock that turns take, and checks that nobody else can take it until it is freed.
    package func lock() throws(SessionError) {
        // To another open file description the first one's lock is somebody else's, even in the same process.
        let other = try attempt("open \(path)") { () throws(Errno) in try File(path, O_RDWR, in: file.system) }
        guard try file.lock(0, path) else { throw SessionError(.storageUnavailable, "A new file in \(directory) is locked already") }
        guard try !other.lock(0, path) else {
            throw SessionError(.storageUnavailable, "A lock on a file in \(directory) does not exclude others")
        }
        try attempt("unlock a file in \(directory)") { () throws(Errno) in
            try file.system.setLock(file.descriptor, at: 0, isHeld: false)
            try file.system.setLock(other.descriptor, at: 0, isHeld: true)
        }
    }

    /// The number of bytes that this user may still write there.
    package func freeByteCount() throws(SessionError) -> Int {
        try attempt("look at \(directory)") { () throws(Errno) in try file.system.freeByteCount(at: directory) }
    }

    private var directory: FilePath { path.removingLastComponent() }
}
