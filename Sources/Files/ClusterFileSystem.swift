import Concurrency
import Glibc
package import SystemPackage

/// A file system with a directory that several machines share. Where it is not mounted, there may be an empty directory of that name, or
/// another one's: nothing is opened or made in it unless it carries the mark of its cluster.
package struct ClusterFileSystem: FileSystem {
    /// What calls fail with while the directory does not carry the mark: ENOMEDIUM, which no file system of Linux uses.
    package static let notMounted = Errno(rawValue: ENOMEDIUM)
    /// The mark's name in the directory. It is a file with the cluster's id and a line feed.
    package static let markName = "cluster"
    /// In bytes.
    package static let longestID = 100

    /// The directory that carried the mark when it was last read.
    private final class Marked: Sendable {
        let directory = Mutex<FileStatus?>(nil)
    }

    private let base: any FileSystem
    private let directory: FilePath
    private let id: String
    private let marked = Marked()

    package init(_ base: any FileSystem, sharing directory: FilePath, id: String) {
        (self.base, self.directory, self.id) = (base, directory, id)
    }

    /// The id in the mark of a directory; nil if it has none.
    package static func id(of directory: FilePath, in system: any FileSystem) throws(Errno) -> String? {
        do throws(Errno) {
            let bytes = try File(directory.appending(markName), O_RDONLY, in: system).read(0..<longestID + 1)
            return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch {
            guard [.noSuchFileOrDirectory, .notDirectory].contains(error) else { throw error }
            return nil
        }
    }

    /// Fails if a path is in the directory, and that does not carry the mark. It is read again when another directory has the name.
    private func check(_ path: FilePath) throws(Errno) {
        guard path.starts(with: directory) else { return }
        guard let status = try base.statusIfThere(directory) else { throw Self.notMounted }
        if let known = marked.directory.withLock(\.self), (known.device, known.inode) == (status.device, status.inode) { return }
        guard let found = try Self.id(of: directory, in: base), found.utf8.elementsEqual(id.utf8) else { throw Self.notMounted }
        marked.directory.withLock { $0 = status }
    }

    package func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        try check(path)
        return try base.open(path, flags)
    }

    package func makeDirectory(_ path: FilePath) throws(Errno) {
        try check(path)
        try base.makeDirectory(path)
    }

    package func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno) {
        try check(directory)
        try base.visitNames(in: directory, from: position, visit)
    }

    package func status(at path: FilePath) throws(Errno) -> FileStatus {
        do throws(Errno) {
            return try base.status(at: path)
        } catch {
            // That a file is not there is only true where the directory is.
            try check(path)
            throw error
        }
    }

    // What has been opened was in the right directory, and what has another name there was opened before.
    package func close(_ descriptor: CInt) { base.close(descriptor) }
    package func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.read(descriptor, into: buffer, at: offset)
    }
    package func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try base.write(descriptor, bytes, at: offset)
    }
    package func truncate(_ descriptor: CInt, to length: Int) throws(Errno) { try base.truncate(descriptor, to: length) }
    package func synchronize(_ descriptor: CInt) throws(Errno) { try base.synchronize(descriptor) }
    package func status(of descriptor: CInt) throws(Errno) -> FileStatus { try base.status(of: descriptor) }
    package func rename(_ path: FilePath, to target: FilePath) throws(Errno) { try base.rename(path, to: target) }
    package func link(_ path: FilePath, to target: FilePath) throws(Errno) { try base.link(path, to: target) }
    package func unlink(_ path: FilePath) throws(Errno) { try base.unlink(path) }
    package func dataEnd(_ descriptor: CInt, size: Int) -> Int { base.dataEnd(descriptor, size: size) }
    package func share(_ range: Range<Int>, of source: CInt, with target: CInt) -> Bool { base.share(range, of: source, with: target) }
    package func freeByteCount(at path: FilePath) throws(Errno) -> Int { try base.freeByteCount(at: path) }
    package func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        try base.setLock(descriptor, at: offset, isHeld: isHeld)
    }
    package func renewLock(_ descriptor: CInt, at offset: Int64) throws(Errno) { try base.renewLock(descriptor, at: offset) }
    package func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool { try base.isLocked(descriptor, at: offset) }
    package func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {
        try base.giveAway(descriptor, toOwnerOf: directory)
    }
}
