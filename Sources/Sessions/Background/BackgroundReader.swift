import Files
import SystemPackage
import Text

/// Reads what a turn has said.
package final class BackgroundReader: Sendable {
    private let file: File
    /// True if somebody wanted the turn to stop.
    package let isCancelled: Bool
    /// The session, as the file says.
    package let session: SessionKey
    private let start: Int

    init?(_ file: consuming File, isCancelled: Bool) throws(Errno) {
        // The first line is a comment with the key.
        let head = try file.read(0..<SessionKey.maximumLength + 4)
        guard head.starts(with: ": ".utf8), let end = head.firstRange(of: Array("\n\n".utf8))?.lowerBound,
            let text = String(validating: head[2..<end], as: UTF8.self), let session = try? SessionKey(text)
        else { return nil }
        (self.isCancelled, self.session, start) = (isCancelled, session, end + 2)
        self.file = file
    }

    /// False once nobody works on the turn any more. Then everything that was said can be read.
    package func isRunning() throws(SessionError) -> Bool {
        try attempt("lock a turn in the background") { () throws(Errno) in try file.system.isLocked(file.descriptor, at: 0) }
    }

    /// How much was said, in bytes.
    package func size() throws(SessionError) -> Int {
        max(0, try attempt("read a turn in the background") { () throws(Errno) in try file.status().size } - start)
    }

    /// Reads what was said.
    ///
    /// - Parameters:
    ///   - position: how much was read before.
    ///   - limit: the most bytes that are read; nil for all.
    package func read(from position: Int = 0, limit: Int? = nil) throws(SessionError) -> [UInt8] {
        let end = try size()
        return try attempt("read a turn in the background") { () throws(Errno) in
            try file.read(start + position..<start + max(position, min(end, limit.map { position + $0 } ?? end)))
        }
    }
}
