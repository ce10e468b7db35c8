import Concurrency
import Files
import FoundationEssentials
import SystemPackage

/// What a client is told has to be on the disk, also if another process wrote it and died before it was synced.
extension SessionStore {
    /// Returns when a file and its name are on the disk.
    func makeDurable(_ file: borrowing SessionFile) async throws {
        guard synchronizes, !cache.has(file.key, file.opened), !synced.has(file.key, file.opened) else { return }
        try await withTaskExecutorPreference(disk) {
            do throws(Errno) {
                try file.file.synchronize()
            } catch {
                synced.distrust(file.key)
                throw SessionError("write \(file.path)", error)
            }
            try SessionWriter.synchronize(sessions, in: system)
        }
        synced.insert(file.key, file.opened)
    }

    /// Returns when it is on the disk that a session does not exist.
    func makeAbsenceDurable() async throws {
        guard synchronizes, let before = try status(at: sessions), !synced.has(directory: before) else { return }
        try await withTaskExecutorPreference(disk) { try SessionWriter.synchronize(sessions, in: system) }
        synced.insert(directory: before)
    }

    /// Writes a session to a new file if the old one could not be synced: Linux then takes the pages for written, and the next
    /// fdatasync(2) succeeds without them. The caller holds the session's lock.
    func rewriteIfDistrusted(_ key: SessionKey) throws(SessionError) {
        guard synced.isDistrusted(key) else { return }
        if var file = try SessionFile(path(of: key), key: key, in: system) {
            try file.recover(quarantine: quarantine)
            var writer = try SessionWriter(
                file.path, key: key, createdAt: try file.header().createdAt, headerLength: try file.headerLength(), in: system)
            _ = try writer.appendLines(of: file, sharesBlocks: false)
            try writer.commit(replaces: true, synchronizes: true)
        }
        synced.trust(key)
    }
}

/// The states of sessions' files that this process knows to be on the disk, other than those in the cache of tails.
final class SyncedFiles: Sendable {
    private struct State {
        var files: [SessionKey: FileStatus] = [:]
        var directory: FileStatus?
        var distrusted: Set<SessionKey> = []
    }

    private let state = Mutex(State())
    /// What is forgotten is synced once more than needed.
    private static let capacity = 10_000

    func has(_ key: SessionKey, _ status: FileStatus) -> Bool { state.withLock { $0.files[key] == status } }

    func insert(_ key: SessionKey, _ status: FileStatus) {
        state.withLock { state in
            if state.files.count >= Self.capacity { state.files = [:] }
            state.files[key] = status
        }
    }

    func has(directory status: FileStatus) -> Bool { state.withLock { $0.directory == status } }

    /// - Parameter status: from before it was synced.
    func insert(directory status: FileStatus) {
        // A directory that changed within the last ticks of the file system's clock may change again without another time.
        let isOld = Date().timeIntervalSince(status.modified) > 3
        state.withLock { $0.directory = isOld ? status : nil }
    }

    func isDistrusted(_ key: SessionKey) -> Bool { state.withLock { $0.distrusted.contains(key) } }

    func distrust(_ key: SessionKey) { _ = state.withLock { $0.distrusted.insert(key) } }

    func trust(_ key: SessionKey) { _ = state.withLock { $0.distrusted.remove(key) } }
}
