import Crypto
import Chat
import Glibc
import Sessions
import SystemPackage

/// A directory for exported sessions, one file each.
struct ExportDirectory: Sendable {
    let path: FilePath
    let store: SessionStore
    let format: ExportFormat

    /// Creates the directory if it does not exist. The store's own directory is refused: files there may only be replaced under locks,
    /// which an export does not take.
    init(_ path: FilePath, of store: SessionStore, as format: ExportFormat) throws {
        (self.path, self.store, self.format) = (path, store, format)
        do throws(Errno) {
            try Self.check(path.withPlatformString { mkdir($0, 0o700) })
        } catch {
            guard error == .fileExists else { throw Failure(description: "The directory \(path) cannot be made: \(error)") }
        }
        guard try Self.identity(path) != Self.identity(store.sessions) else {
            throw Failure(description: "\(path) is where the sessions live; export them to another directory")
        }
    }

    /// Exports a session to a file, completely or not at all. An existing file is replaced.
    func write(_ key: SessionKey) async throws {
        let target = path.appending("\(key.fileName).\(format == .markdown ? "md" : format.rawValue)")
        let temporary = path.appending(Identifier.make(prefix: ".new-"))
        do {
            let file = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
            do {
                defer { try? file.close() }
                try await store.export(key, as: format) { try file.writeAll($0) }
            }
            try Self.check(temporary.withPlatformString { from in target.withPlatformString { rename(from, $0) } })
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw error is Errno ? Failure(description: "\(target) cannot be written: \(error)") : error
        }
    }

    /// Identifies a directory, whatever its path.
    private static func identity(_ path: FilePath) throws -> [UInt64] {
        var status = stat()
        try check(path.withPlatformString { stat($0, &status) })
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }

    private static func check(_ result: CInt) throws(Errno) {
        guard result == 0 else { throw Errno(rawValue: errno) }
    }
}
