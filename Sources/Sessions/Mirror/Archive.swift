import Files
import FoundationEssentials
import Glibc
import SystemPackage
import Text

/// Keeps the turns that a front end no longer shows, until retention removes them. Each file is a session.
struct Archive: Sendable {
    let directory: FilePath
    let system: any FileSystem

    /// Keeps the lines of a session from the end of those that stay.
    func keep(from end: Int, of session: borrowing SessionFile, synchronizes: Bool) throws(SessionError) {
        try attempt("create the directory \(directory)") { () throws(Errno) in try system.ensureDirectory(directory) }
        let stamp = Date().ISO8601Format().replacing(":", with: "")
        let name = "\(session.key.fileName).\(stamp).\(UInt32.random(in: 0 ... .max))\(SessionStore.fileExtension)"
        var writer = try SessionWriter(
            directory.appending(name), key: session.key, createdAt: try session.header().createdAt,
            // There it is found if this process dies.
            by: session.path.removingLastComponent(), in: system)
        // The first line follows a comma, or the header.
        let separator = try session.read(end..<end + 1) == [UInt8(ascii: ",")] ? 2 : 1
        try writer.append(end + separator..<session.end, of: session)
        try writer.commit(replaces: false, synchronizes: synchronizes)
    }

    /// Removes what was kept before a date.
    func prune(before limit: Date) throws(SessionError) {
        try visit { path, _ in
            guard let status = try? system.statusIfThere(path), status.isRegular, status.modified < limit else { return }
            try? system.unlink(path)
        }
    }

    /// Removes what was kept of a session.
    func remove(_ key: SessionKey) throws(SessionError) {
        try visit { path, stem in
            guard stem == key.fileName else { return }
            try? system.unlink(path)
        }
    }

    /// Visits the files, with the names of their sessions' files.
    private func visit(_ body: (_ path: FilePath, _ stem: String) -> Void) throws(SessionError) {
        guard try attempt("look at \(directory)", { () throws(Errno) in try system.statusIfThere(directory) }) != nil else { return }
        var names: [String] = []
        try attempt("read \(directory)") { () throws(Errno) in
            try system.visitNames(in: directory, from: 0) { name, _ in
                names.append(name)
                return true
            }
        }
        for name in names where name.hasSuffix(SessionStore.fileExtension) {
            // A stamp, a number and the extension; the key may have dots, too.
            let stem = name.split(separator: ".", omittingEmptySubsequences: false).dropLast(3).joined(separator: ".")
            body(directory.appending(name), stem)
        }
    }
}
