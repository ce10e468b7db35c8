import FoundationEssentials
import Logging
import SystemPackage

/// Where bytes go that were cut from a session: nothing is thrown away.
struct Quarantine: Sendable {
    let directory: FilePath
    let system: any FileSystem
    let logger: Logger

    func keep(_ bytes: [UInt8], of session: borrowing SessionFile) throws(SessionError) {
        let path = newPath(session.key)
        try attempt("write \(path)") { () throws(Errno) in
            let file = try File.create(path, in: system)
            try file.write(bytes, at: 0)
            try file.synchronize()
        }
        logger.warning("Session \(session.key): the last write was cut short; \(bytes.count) bytes were moved to \(path)")
    }

    /// A name that nothing has yet.
    func newPath(_ key: SessionKey) -> FilePath {
        let stamp = Date().ISO8601Format().filter { $0 != ":" }
        return directory.appending("\(key.fileName).\(stamp).\(UInt32.random(in: 0 ... .max))")
    }
}
