import Glibc
import SystemPackage

/// The one place of this module that reads `errno`. EINTR is retried: no call here is meant to be interrupted.
@discardableResult
func systemCall<Result: FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let error = Errno(rawValue: errno)
        if error != .interrupted { throw error }
    }
}

/// An open file that closes itself.
struct File: ~Copyable {
    let descriptor: CInt

    init(_ path: FilePath, _ flags: CInt, mode: mode_t = 0o600) throws(Errno) {
        descriptor = try systemCall { path.withPlatformString { open($0, flags | O_CLOEXEC, mode) } }
    }

    deinit { close(descriptor) }

    func status() throws(Errno) -> stat {
        var status = stat()
        try systemCall { fstat(descriptor, &status) }
        return status
    }

    /// Reads the bytes of a range; fewer where the file ends before.
    func read(_ range: Range<Int>) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var count = 0
        while count < bytes.count {
            let read = try systemCall {
                bytes.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count, range.lowerBound + count)
                }
            }
            if read == 0 { break }
            count += read
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Writes all the bytes at an offset: in one call, unless the disk is full or a limit is met.
    func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        var count = 0
        while count < bytes.count {
            count += try systemCall {
                bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count, offset + count) }
            }
        }
    }

    func truncate(to length: Int) throws(Errno) {
        try systemCall { ftruncate(descriptor, length) }
    }

    /// Returns when the content, and the size that leads to it, are on the disk.
    func synchronize() throws(Errno) {
        try systemCall { fdatasync(descriptor) }
    }
}
