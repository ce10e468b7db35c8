import FoundationEssentials
import Logging
import SystemPackage
import Text

/// Keeps what is cut from sessions: nothing is thrown away.
struct Quarantine: Sendable {
    let directory: FilePath
    let system: any FileSystem
    let logger: Logger

    /// Stores bytes that will be cut from a session, and logs that.
    /// Stores bytes that will be cut from a session, and logs that.
    func keep(_ bytes: [UInt8], of session: borrowing SessionFile) throws(SessionError) {
        let path = newPath(session.key)
        try attempt("write \(path)") { () throws(Errno) in
            let file = try File.create(path, in: system)
            try file.write(bytes, at: 0)
            try file.synchronize()
        }
        logger.warning("Session \(session.key): the last write was cut short; \(bytes.count) bytes were moved to \(path)")
    }

    /// A name that is not taken yet.
    func newPath(_ key: SessionKey) -> FilePath {
        let stamp = Date().ISO8601Format().replacing(":", with: "")
        return directory.appending("\(key.fileName).\(stamp).\(UInt32.random(in: 0 ... .max))")
    }
}
