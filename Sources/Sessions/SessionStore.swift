public import Chat
import FoundationEssentials
import Glibc
import Locking
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

    /// What a store may use, and how.
    public struct Settings: Sendable {
        /// When a turn counts as stored.
        public var durability = Durability.sync
        /// What of the past a model sees.
        public var window = WindowLimits()
        /// How long a turn waits for the one before it.
        public var busyTimeout = Duration.seconds(30)
        /// A session whose file has reached this many bytes takes no more turns.
        public var maximumSessionBytes = 64 << 20
        /// With fewer free bytes than these on the file system no turn begins.
        public var minimumFreeBytes = 0
        /// Sessions that were not used for so long are removed, where the store has a disk executor. Nil keeps them.
        public var retention: Duration?
        /// Whether a data directory is made where there is none; else that is an error.
        public var createsDirectory = true

        /// The defaults.
        public init() {}
    }

    let settings: Settings
    let system: any FileSystem
    let directory: FilePath
    /// The directory of the session files.
    public let sessions: FilePath
    let quarantine: Quarantine
    let lock: SessionLock
    let cache = TailCache(capacity: 16 << 20)
    /// When this process looks again whether sessions are too old.
    let nextPruning = Mutex<ContinuousClock.Instant?>(nil)
    let disk: (any TaskExecutor)?

    /// Opens a data directory; creates it, for this user alone, if it is not there.
    ///
    /// - Parameters:
    ///   - disk: where what waits for the disk runs, if not where turns run: with `sync` every write waits, and a file system takes many
    ///     such waits at once.
    ///   - report: told when a file was mended: a sentence for the log.
    public convenience init(
        directory: FilePath, settings: Settings = Settings(), disk: (any TaskExecutor)? = nil,
        report: @escaping @Sendable (String) -> Void
    ) throws(SessionError) {
        try self.init(directory: directory, settings: settings, disk: disk, system: HostFileSystem(), report: report)
        guard sessions.withPlatformString({ access($0, W_OK | X_OK) }) == 0 else {
            throw SessionError(.storageUnavailable, "\(sessions) cannot be written by this user")
        }
    }

    init(
        directory: FilePath, settings: Settings, disk: (any TaskExecutor)? = nil, system: any FileSystem,
        report: @escaping @Sendable (String) -> Void
    ) throws(SessionError) {
        self.settings = settings
        self.system = system
        self.directory = directory
        self.disk = disk
        let sessions = directory.appending("sessions")
        self.sessions = sessions
        quarantine = Quarantine(directory: directory.appending("quarantine"), system: system, report: report)
        if settings.createsDirectory {
            try Self.createDirectory(directory, in: system)
        } else if try attempt("look at \(sessions)", { () throws(Errno) in try system.statusIfThere(sessions) }) == nil {
            throw SessionError(.storageUnavailable, "\(directory) is no data directory: it has no folder named sessions")
        }
        lock = try SessionLock(
            directory.appending("locks"), directories: [sessions, quarantine.directory], timeout: settings.busyTimeout, in: system)
    }

    /// Adds one turn to a session: `body` gets the earlier turns, oldest first, and makes the new one. When this returns the turn is
    /// stored; when `body` throws nothing is. One turn of a session runs at a time.
    ///
    /// A retry gets the turn that its first try stored, and `body` is not run: the idempotency key of a turn of the last 24 hours, or
    /// where `isRetry` the body of the last turn.
    ///
    /// - Parameters:
    ///   - origin: the request; what the turn says of it.
    ///   - isRetry: whether the client says that it asks again.
    /// - Throws: `SessionError`, `idempotencyConflict` among others, and what `body` throws.
    public func turn(
        of key: SessionKey, from origin: Turn.Origin, isRetry: Bool = false, _ body: ([PastTurn]) async throws -> Turn
    ) async throws -> (turn: Turn, isReplayed: Bool) {
        defer { pruneIfDue() }
        return try await lock.withLock(key) {
            let past = try past(of: key)
            if let turn = try storedTurn(for: origin, isRetry: isRetry, past, key) {
                if let past { cache.put(key, past.status, past.tail) }
                return (turn, true)
            }
            try checkRoom(past, key)
            let turn = try await body(past?.tail.window.turns ?? [])
            try await withTaskExecutorPreference(synchronizes ? disk : nil) {
                try store(turn, after: past, of: key)
            }
            return (turn, false)
        }
    }

    /// The turns of a session that a model may see, oldest first. Waits for no turn.
    public func history(of key: SessionKey) async throws -> [PastTurn] {
        try await withSession(key) { file in
            let status = try file.status()
            if let tail = cache.peek(key, status) { return tail.window.turns }
            return try file.readWindow(limits: settings.window).turns
        } ?? []
    }

    /// Runs `body` on a session's file, for reading; nil where there is none. Waits only for a write that is under way, and mends a torn
    /// tail.
    func withSession<Result: Sendable>(
        _ key: SessionKey, _ body: (borrowing SessionFile) throws -> Result
    ) async throws -> Result? {
        try lock.check()
        let path = path(of: key)
        guard var file = try SessionFile(path, key: key, isWritable: false, in: system) else { return nil }
        if try file.settleIfWhole() { return try body(file) }
        return try await lock.withLock(key) {
            guard var file = try SessionFile(path, key: key, in: system) else { return nil }
            try file.settle(quarantine: quarantine)
            return try body(file)
        }
    }

    func path(of key: SessionKey) -> FilePath { sessions.appending(key.fileName + Self.fileExtension) }

    static let fileExtension = ".json"

    var synchronizes: Bool { settings.durability == .sync }

    /// A class, so that the tail is changed in place: as a value it would be copied once a turn.
    private final class Past {
        var tail: SessionTail
        let status: FileStatus

        init(_ tail: SessionTail, _ status: FileStatus) {
            (self.tail, self.status) = (tail, status)
        }
    }

    /// What there is of a session, by cache or file; nil where there is no file.
    private func past(of key: SessionKey) throws(SessionError) -> Past? {
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { return nil }
        let status = try file.status()
        if let tail = cache.take(key, status) { return Past(tail, status) }
        return try past(reading: &file)
    }

    private func past(reading file: inout SessionFile) throws(SessionError) -> Past {
        try file.settle(quarantine: quarantine)
        return Past(SessionTail(window: try file.readWindow(limits: settings.window)), try file.status())
    }

    private func store(_ turn: Turn, after past: Past?, of key: SessionKey) throws(SessionError) {
        // Opened again: a chat that waits for its model holds no descriptor.
        guard var file = try SessionFile(path(of: key), key: key, in: system) else {
            guard past == nil, try status(at: path(of: key)) == nil else { throw Self.hasMoved(key) }
            var writer = try SessionWriter(path(of: key), key: key, createdAt: turn.at, in: system)
            try writer.append(turn.line)
            return try writer.commit(synchronizes: synchronizes)
        }
        guard let past else { throw Self.hasMoved(key) }
        let now: Past
        if try file.status() == past.status {
            now = past
            file.trust(size: past.status.size)
        } else {
            now = try self.past(reading: &file)
        }
        let offset = try file.append(turn, synchronizes: synchronizes)
        now.tail.window.append(turn.messages, limits: settings.window)
        now.tail.recentKeys?.insert(turn, offset: offset, now: Date())
        cache.put(key, try file.status(), now.tail)
    }

    /// The turn that the first try of a request stored.
    private func storedTurn(
        for origin: Turn.Origin, isRetry: Bool, _ past: Past?, _ key: SessionKey
    ) throws(SessionError) -> Turn? {
        guard let past, isRetry || origin.idempotencyKey != nil else { return nil }
        guard var file = try SessionFile(path(of: key), key: key, isWritable: false, in: system) else { throw Self.hasMoved(key) }
        file.trust(size: past.status.size)
        let now = Date()
        if let idempotencyKey = origin.idempotencyKey {
            if past.tail.recentKeys == nil { past.tail.recentKeys = try RecentKeys(file, now: now) }
            guard let offset = past.tail.recentKeys?.offset(of: idempotencyKey), let turn = try file.turn(at: offset),
                turn.request.idempotencyKey?.utf8.elementsEqual(idempotencyKey.utf8) == true,
                RecentKeys.reaches(turn.at, now: now)
            else { return nil }
            guard turn.request.bodySHA256 == origin.bodySHA256 else {
                throw SessionError(.idempotencyConflict, "Another request of session \(key) had the same idempotency key")
            }
            return turn
        }
        guard let turn = try file.lastTurn(), turn.request.bodySHA256 == origin.bodySHA256, RecentKeys.reaches(turn.at, now: now)
        else { return nil }
        return turn
    }

    /// The session's lock is held, so its file neither comes nor goes: the directory was moved away and is back. To go on could store a
    /// turn twice, or a new session over the old one.
    private static func hasMoved(_ key: SessionKey) -> SessionError {
        SessionError(.storageUnavailable, "The file of session \(key) came or went while a turn was made")
    }

    /// Before the model is asked: an answer that cannot be stored should not be paid for.
    private func checkRoom(_ past: Past?, _ key: SessionKey) throws(SessionError) {
        if let size = past?.status.size, size >= settings.maximumSessionBytes {
            throw SessionError(
                .sessionFull, "Session \(key) has \(size) bytes and takes no more turns from \(settings.maximumSessionBytes) on")
        }
        try checkFreeBytes()
    }

    /// Fails where what has to stay free no longer is.
    func checkFreeBytes() throws(SessionError) {
        guard settings.minimumFreeBytes > 0 else { return }
        let free = try attempt("look at \(sessions)") { () throws(Errno) in
            try uninterrupted { () throws(Errno) in try system.freeByteCount(at: sessions) }
        }
        guard free >= settings.minimumFreeBytes else {
            throw SessionError(.storageFull, "\(free) bytes are free for \(sessions); \(settings.minimumFreeBytes) have to stay free")
        }
    }

    /// Makes a directory and the way there.
    private static func createDirectory(_ path: FilePath, in system: any FileSystem) throws(SessionError) {
        let parent = path.removingLastComponent()
        do throws(Errno) {
            try system.ensureDirectory(path)
        } catch {
            guard error == .noSuchFileOrDirectory, !parent.isEmpty, parent != path else {
                throw SessionError("create the directory \(path)", error)
            }
            try createDirectory(parent, in: system)
            try createDirectory(path, in: system)
        }
    }
}
