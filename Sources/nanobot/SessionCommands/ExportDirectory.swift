import Crypto
import Chat
import Glibc
import Sessions
import SystemPackage

/// Where exported sessions go, a file each.
struct ExportDirectory: Sendable {
    let path: FilePath
    let store: SessionStore
    let format: ExportFormat

    /// Makes the directory if it is not there. The sessions' own is refused: what would be replaced there has locks, and an export takes
    /// none.
    init(_ path: FilePath, of store: SessionStore, as format: ExportFormat) throws {
        (self.path, self.store, self.format) = (path, store, format)
        guard path.withPlatformString({ mkdir($0, 0o700) }) == 0 || errno == EEXIST else {
            throw Failure(description: "The directory \(path) cannot be made: \(Errno(rawValue: errno))")
        }
        guard try Self.identity(path) != Self.identity(store.sessions) else {
            throw Failure(description: "\(path) is where the sessions live; export them to another directory")
        }
    }

    /// Exports a session to its file, which is there whole or not at all; one that is there already is replaced.
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
            guard temporary.withPlatformString({ from in target.withPlatformString { rename(from, $0) } }) == 0 else {
                throw Errno(rawValue: errno)
            }
        } catch {
            _ = temporary.withPlatformString { unlink($0) }
            throw error is Errno ? Failure(description: "\(target) cannot be written: \(error)") : error
        }
    }

    /// What tells one directory from another.
    private static func identity(_ path: FilePath) throws -> [UInt64] {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }
}
