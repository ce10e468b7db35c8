import Files
import Glibc
import SystemPackage

/// A directory of small files, each of which is there whole, in its old form or its new one.
struct SmallFiles: Sendable {
    let directory: FilePath
    let system: any FileSystem

    /// Reads a file; nil if there is none.
    func read(_ name: String, limit: Int) throws(SessionError) -> [UInt8]? {
        let path = directory.appending(name)
        do throws(Errno) {
            return try File(path, O_RDONLY, in: system).read(0..<limit)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw SessionError("read \(path)", error) }
            return nil
        }
    }

    /// Writes a file, which takes the place of the one of its name. The caller holds a lock that everybody takes who writes it.
    func write(_ bytes: [UInt8], to name: String, synchronizes: Bool) throws(SessionError) {
        let path = directory.appending(name)
        try attempt("create the directory \(directory)") { () throws(Errno) in try system.ensureDirectory(directory) }
        try attempt("create \(path)") { () throws(Errno) in
            _ = try File.replace(path, by: bytes, synchronizes: synchronizes, in: system)
        }
        if synchronizes { try SessionWriter.synchronize(directory, in: system) }
    }

    func has(_ name: String) -> Bool { (try? system.statusIfThere(directory.appending(name))) ?? nil != nil }

    /// Removes a file, if there is one.
    func remove(_ name: String) { try? system.unlink(directory.appending(name)) }
}
