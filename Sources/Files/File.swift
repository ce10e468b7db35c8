import Glibc
package import SystemPackage

/// An open file that closes itself.
package struct File: ~Copyable {
    package let descriptor: CInt
    package let system: any FileSystem

    package init(_ path: FilePath, _ flags: CInt, in system: any FileSystem) throws(Errno) {
        descriptor = try system.open(path, flags)
        self.system = system
    }

    /// Creates a file; fails if the name is taken. The file belongs to the owner of its directory, so that an administrator's command does
    /// not shut out the service. Only a new file is given away, because an existing name may be a link to anything.
    package static func create(_ path: FilePath, in system: any FileSystem) throws(Errno) -> File {
        let file = try File(path, O_RDWR | O_CREAT | O_EXCL, in: system)
        try system.giveAway(file.descriptor, toOwnerOf: path.removingLastComponent())
        return file
    }

    /// Opens a file to read and write it, and creates it if it does not exist.
    package static func openOrCreate(_ path: FilePath, in system: any FileSystem) throws(Errno) -> File {
        do throws(Errno) {
            return try File(path, O_RDWR, in: system)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
        }
        do throws(Errno) {
            return try create(path, in: system)
        } catch {
            // Another process was first.
            guard error == .fileExists else { throw error }
            return try File(path, O_RDWR, in: system)
        }
    }

    deinit { system.close(descriptor) }

    package func status() throws(Errno) -> FileStatus { try system.status(of: descriptor) }

    /// Reads the bytes of a range; fewer if the file ends before.
    package func read(_ range: Range<Int>) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            do throws(Errno) {
                while count < range.count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count..<range.count])
                    let offset = range.lowerBound + count
                    let read = try system.read(descriptor, into: rest, at: offset)
                    if read == 0 { break }
                    count += read
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes at an offset: in one call, unless the disk fills up or a limit is reached.
    package func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        var failure: Errno?
        bytes.withUnsafeBytes { buffer in
            var count = 0
            do throws(Errno) {
                while count < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[count...])
                    let position = offset + count
                    count += try system.write(descriptor, rest, at: position)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    package func truncate(to length: Int) throws(Errno) { try system.truncate(descriptor, to: length) }

    /// Returns when the content and the size are on the disk.
    package func synchronize() throws(Errno) { try system.synchronize(descriptor) }
}
