public import Chat
import FoundationEssentials
import Glibc
public import SystemPackage

/// The sessions under a data directory.
public final class SessionStore: Sendable {
    /// When a turn counts as stored.
    public enum Durability: String, Sendable {
        /// When it is on the disk.
        case sync
        /// When the kernel has it: it survives this process, not a power cut.
        case relaxed
    }

    private let sessions: FilePath
    private let quarantine: Quarantine
    private let lock: SessionLock
    private let cache = WindowCache(capacity: 16 << 20)
    private let durability: Durability
    private let limits: WindowLimits
    private let disk: (any TaskExecutor)?

    /// Opens a data directory; creates it, for this user alone, if it is not there.
    ///
    /// - Parameters:
    ///   - busyTimeout: how long a turn waits for the one before it.
    ///   - disk: where turns are written, if not where they run: with `sync` a write waits for the disk, and a file system takes many such
    ///     waits at once.
    ///   - report: told when a torn tail was mended: a sentence for the log.
    public init(
        directory: FilePath, durability: Durability = .sync, limits: WindowLimits = WindowLimits(),
        busyTimeout: Duration = .seconds(30), disk: (any TaskExecutor)? = nil, report: @escaping @Sendable (String) -> Void
    ) throws(SessionError) {
        sessions = directory.appending("sessions")
        quarantine = Quarantine(directory: directory.appending("quarantine"), report: report)
        self.durability = durability
        self.limits = limits
        self.disk = disk
        for path in [directory, sessions, quarantine.directory] { try Self.createDirectory(path) }
        guard sessions.withPlatformString({ access($0, W_OK | X_OK) }) == 0 else {
            throw SessionError(.storageUnavailable, "\(sessions) cannot be written by this user")
        }
        lock = try SessionLock(directory.appending("locks"), timeout: busyTimeout)
    }

    /// Adds one turn to a session: `body` gets the earlier turns' messages, oldest first, and makes the new turn. When this returns the
    /// turn is stored; when `body` throws nothing is. One turn of a session runs at a time.
    public func turn(of key: SessionKey, _ body: ([PastTurn]) async throws -> Turn) async throws -> Turn {
        try await lock.withLock(key) {
            let path = sessions.appending(key.fileName + ".json")
            let past = try history(of: key, at: path)
            let turn = try await body(past?.window.turns ?? [])
            try await withTaskExecutorPreference(disk) {
                try store(turn, after: past, of: key, at: path)
            }
            return turn
        }
    }

    private func store(_ turn: Turn, after past: Past?, of key: SessionKey, at path: FilePath) throws(SessionError) {
        let synchronizes = durability == .sync
        // Opened again: a chat that waits for its model holds no descriptor.
        guard var file = try SessionFile(path, key: key) else {
            return try SessionFile.create(path, key: key, turn: turn, synchronizes: synchronizes)
        }
        let now: Past
        if let past, try file.identity() == past.identity {
            now = past
            file.trust(size: past.identity.size)
        } else {
            now = Past(window: try file.readWindow(limits: limits, quarantine: quarantine), identity: try file.identity())
        }
        try file.append(turn, synchronizes: synchronizes)
        now.window.append(turn.messages, limits: limits)
        cache.put(key, try file.identity(), now.window)
    }

    /// A class, so that the window is changed in place: as a value it would be copied once a turn.
    private final class Past {
        var window: Window
        let identity: WindowCache.Identity

        init(window: Window, identity: WindowCache.Identity) {
            self.window = window
            self.identity = identity
        }
    }

    /// What there is of a session, by cache or file; nil where there is no file.
    private func history(of key: SessionKey, at path: FilePath) throws(SessionError) -> Past? {
        guard var file = try SessionFile(path, key: key) else { return nil }
        let identity = try file.identity()
        if let window = cache.take(key, identity) { return Past(window: window, identity: identity) }
        let window = try file.readWindow(limits: limits, quarantine: quarantine)
        return Past(window: window, identity: try file.identity())
    }

    private static func createDirectory(_ path: FilePath) throws(SessionError) {
        // The way there may have to be made, too; it stops at the first directory that exists.
        let parent = path.removingLastComponent()
        do throws(Errno) {
            try systemCall { path.withPlatformString { mkdir($0, 0o700) } }
        } catch {
            switch error {
            case .fileExists: return
            case .noSuchFileOrDirectory where !parent.isEmpty && parent != path:
                try createDirectory(parent)
                try createDirectory(path)
            default: throw SessionError("create the directory \(path)", error)
            }
        }
    }
}
