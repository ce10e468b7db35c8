import Foundation
import Glibc

/// The lock file of the session "a", as another process sees it: each byte that is locked stands for a session.
final class LockFile: Sendable {
    /// The byte of the session "a": the first 62 bits of SHA-256("a"), twice; the first four of its 63 are the file's. The one behind it is the head of its queue.
    static let sessionA: Int64 = 0x654b_c089_650d_dee4
    static let queueA = sessionA + 1

    let descriptor: CInt

    init(_ dataDirectory: String) throws {
        descriptor = open(dataDirectory + "/locks-c", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// Takes a byte; false where another open file has it.
    func hold(_ offset: Int64) -> Bool { control(Self.set, offset).status == 0 }

    /// Whether another open file has a byte.
    func isHeldElsewhere(_ offset: Int64) -> Bool { control(Self.get, offset).type != Int16(F_UNLCK) }

    // F_OFD_GETLK and F_OFD_SETLK (Linux, fcntl.h), which the Glibc module leaves out.
    private static let get: CInt = 36
    private static let set: CInt = 37

    private func control(_ command: CInt, _ offset: Int64) -> (status: CInt, type: Int16) {
        var range = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(offset), l_len: 1, l_pid: 0)
        let status = fcntl(descriptor, command, &range)
        return (status, range.l_type)
    }
}
