import Files
import FoundationEssentials
import Logging
import SystemPackage
import Text

/// Keeps what is cut from sessions: nothing is thrown away.
struct Quarantine: Sendable {
    let directory: FilePath
    let system: any FileSystem
    let logger: Logger

    /// Stores a part of a session's file that will be cut, and logs that.
    func keep(_ range: Range<Int>, of session: borrowing SessionFile) throws(SessionError) {
        let path = newPath(session.key)
        var place = "moved to \(path)"
        do throws(SessionError) {
            try copy(range, of: session, to: path)
        } catch {
            // A turn may still fit where the torn one was.
            guard error.code == .storageFull else { throw error }
            try? system.unlink(path)
            place = "cut; there was no room to keep them"
        }
        logger.warning("Session \(session.key): the last write was cut short; \(range.count) bytes were \(place)")
    }

    private func copy(_ range: Range<Int>, of session: borrowing SessionFile, to path: FilePath) throws(SessionError) {
        let copy = try attempt("write \(path)") { () throws(Errno) in try File.create(path, in: system) }
        // In chunks, because there may be more zeros than memory.
        var position = range.lowerBound
        while position < range.upperBound {
            let chunk = try session.read(position..<min(range.upperBound, position + 1 << 20))
            guard !chunk.isEmpty else { break }
            try attempt("write \(path)") { () throws(Errno) in try copy.write(chunk, at: position - range.lowerBound) }
            position += chunk.count
        }
        try attempt("write \(path)") { () throws(Errno) in try copy.synchronize() }
        try SessionWriter.synchronize(directory, in: system)
    }

    /// A name that is not taken yet.
    func newPath(_ key: SessionKey) -> FilePath {
        let stamp = Date().ISO8601Format().replacing(":", with: "")
        return directory.appending("\(key.fileName).\(stamp).\(UInt32.random(in: 0 ... .max))")
    }
}
