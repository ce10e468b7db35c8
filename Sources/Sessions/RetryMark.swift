import Crypto
import Text

/// A mark, for all processes, on a session's last turn (FORMAT.md, "Retries").
///
/// It is in the session's lock file, which has a table for each kind, and a place for each mark by its first bits; a later mark takes the place
/// of an earlier one. So marks may be lost, and what cannot be read or written is passed over.
struct RetryMark {
    enum Kind: Int {
        /// The same body came again when the turn had been answered: somebody says the same twice. So a retry of that request, if it failed,
        /// does not get the earlier answer.
        case repeated
        /// The turn's answer did not reach its client, so the same body is another try.
        case undelivered
    }

    private let bytes: [UInt8]
    private let offset: Int
    private let file: LockFile?

    /// - Parameter line: the turn's line.
    init(_ kind: Kind, on line: LastLine, of origin: Turn.Origin, _ key: SessionKey, _ lock: SessionLock) {
        let text = Array("\(key.description)\n".utf8) + line.beginning + Array("\n\(origin.bodySHA256)".utf8)
        bytes = Array(SHA256.digest(of: text).prefix(16))
        offset = bytes.count * (4096 * kind.rawValue + (Int(bytes[0]) << 8 | Int(bytes[1])) % 4096)
        file = try? lock.file(of: key)
    }

    func leave() { file?.write(bytes, at: offset) }

    var isThere: Bool { file?.read(offset..<offset + bytes.count) == bytes }

    /// Removes the mark of a turn whose answer is about to be sent. If that fails, it is left again.
    func remove() {
        if isThere { file?.write([UInt8](repeating: 0, count: bytes.count), at: offset) }
    }
}
