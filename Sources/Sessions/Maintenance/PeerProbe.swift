import Crypto
package import Files
import FoundationEssentials
import Glibc
package import SystemPackage

/// What hosts that share a data directory do in turn, as turns would, so that `nanobot doctor --peer` can tell whether each sees at once what
/// the other does.
///
/// A doctor's token is the proof that both have the directory. Nothing is touched but two files that have its digest in their names: the
/// token's own, whose byte is locked, and one that is written.
package struct PeerProbe: Sendable {
    package enum Action: String, Sendable, CaseIterable {
        /// Changes nothing.
        case view
        /// Adds a line behind what is there, as a turn does.
        case append
        /// Creates the file, or replaces it by a new one (rename(2)), with one line.
        case replace
        /// Removes the file.
        case remove
    }

    private let token: FilePath
    private let path: FilePath
    private let system: any FileSystem

    /// In bytes. A longer file is not read, and gets no more lines.
    private static let longest = 1 << 16
    /// As far out as those of sessions: a file system may have no room for it.
    private static let byte = Int64(1) << 62

    /// Nil if no doctor with this token shares the directory.
    package init?(
        token: String, in directory: FilePath, _ system: any FileSystem = UninterruptedFileSystem(HostFileSystem())
    ) {
        guard ProbeToken.acknowledgements(token, in: directory, system) != nil else { return nil }
        self.token = directory.appending(ProbeToken.name(token))
        path = directory.appending(ProbeToken.sharedName(token))
        self.system = system
    }

    /// Does it, and then looks at the file and the lock.
    package func perform(_ action: Action) throws(SessionError) -> PeerView {
        let line: String?
        switch action {
        case .view: line = nil
        case .append: line = try append()
        case .replace: line = try replace()
        case .remove:
            line = nil
            try remove()
        }
        var view = try look()
        view.line = line
        return view
    }

    /// Runs `body` while this side has the lock; nil if it was not free.
    package func withLock<Result>(_ body: () async throws -> Result) async throws -> Result? {
        let file = try openToken()
        guard try file.lock(Self.byte, token) else { return nil }
        return try await body()
    }

    private func look() throws(SessionError) -> PeerView {
        let content = try attempt("read \(path)") { () throws(Errno) in try read() }
        // By asking for it, as turns do.
        let file = try openToken()
        let isLocked = try !file.lock(Self.byte, token)
        let now = Date().timeIntervalSince1970 * 1000
        return PeerView(
            host: Self.hostName, milliseconds: Int(exactly: now.rounded()) ?? 0, size: content?.size,
            digest: content.map { SHA256.hexadecimal(of: $0.bytes) }, isLocked: isLocked)
    }

    /// The file's size and content; nil if there is no file, or none any more where this host remembers one (ESTALE).
    private func read() throws(Errno) -> (size: Int, bytes: [UInt8])? {
        do throws(Errno) {
            let file = try File(path, O_RDWR, in: system)
            let size = try file.status().size
            return (size, size > Self.longest ? [] : try file.read(0..<size))
        } catch {
            guard error == .noSuchFileOrDirectory || error == .staleNFSFileHandle else { throw error }
            return nil
        }
    }

    private func append() throws(SessionError) -> String {
        let line = Self.line
        try attempt("append to \(path)") { () throws(Errno) in
            let file = try File(path, O_RDWR, in: system)
            let size = try file.status().size
            guard size < Self.longest else { throw .fileTooLarge }
            try file.write(Array(line.utf8), at: size)
            try file.synchronize()
        }
        return line
    }

    private func replace() throws(SessionError) -> String {
        let line = Self.line
        _ = try attempt("replace \(path)") { () throws(Errno) in try File.replace(path, by: Array(line.utf8), in: system) }
        return line
    }

    private func remove() throws(SessionError) {
        try attempt("remove \(path)") { () throws(Errno) in
            do throws(Errno) {
                try system.unlink(path)
            } catch {
                guard error == .noSuchFileOrDirectory else { throw error }
            }
        }
    }

    private func openToken() throws(SessionError) -> File {
        try attempt("open \(token)") { () throws(Errno) in try File(token, O_RDWR, in: system) }
    }

    /// No other line is like it.
    private static var line: String { Identifier.make(prefix: "line-") + "\n" }

    /// This host's; empty if it has none.
    package static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SessionStore {
    /// What this process may do for the doctor with a token; nil if no doctor with it shares this data directory.
    package func peerProbe(token: String) -> PeerProbe? { PeerProbe(token: token, in: directory, system) }
}
