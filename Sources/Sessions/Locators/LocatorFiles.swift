import Files
import Glibc
import SystemPackage
import Text

/// The files that lead from the locators of named sessions to their keys.
struct LocatorFiles: Sendable {
    let directory: FilePath
    let system: any FileSystem

    /// The key of a session; nil if no file says it.
    func key(at locator: SessionLocator) throws(SessionError) -> SessionKey? {
        if let key = locator.unnamedKey { return key }
        let path = path(of: locator)
        let text = try attempt("read \(path)") { () throws(Errno) in try content(of: path) }
        // A file that was cut short, or copied, leads nowhere.
        guard let key = text.flatMap({ String(validating: $0, as: UTF8.self) }).flatMap({ try? SessionKey($0) }),
            SessionLocator(key) == locator
        else { return nil }
        return key
    }

    /// Nil if there is no file.
    private func content(of path: FilePath) throws(Errno) -> [UInt8]? {
        do throws(Errno) {
            return try File(path, O_RDONLY, in: system).read(0..<SessionKey.maximumLength + 1)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }

    /// Makes the file of a session's locator, if it needs one. The caller holds the session's lock.
    func ensure(_ key: SessionKey, synchronizes: Bool) throws(SessionError) {
        let locator = SessionLocator(key)
        guard locator.unnamedKey == nil else { return }
        let path = path(of: locator)
        let known = try attempt("read \(path)") { () throws(Errno) in try content(of: path) }
        guard known != Array(key.description.utf8) else { return }
        try attempt("create the directory \(directory)") { () throws(Errno) in try system.ensureDirectory(directory) }
        try attempt("create \(path)") { () throws(Errno) in
            _ = try File.replace(path, by: Array(key.description.utf8), synchronizes: synchronizes, in: system)
        }
        if synchronizes { try SessionWriter.synchronize(directory, in: system) }
    }

    /// Whether a session has a locator's file.
    func has(_ key: SessionKey) -> Bool { (try? system.statusIfThere(path(of: SessionLocator(key)))) ?? nil != nil }

    /// Removes the file of a session's locator, if there is one.
    func remove(_ key: SessionKey) { try? system.unlink(path(of: SessionLocator(key))) }

    private func path(of locator: SessionLocator) -> FilePath { directory.appending(locator.fileName) }
}
