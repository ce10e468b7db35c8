package import Chat
import Concurrency
import FoundationEssentials
import Glibc
import JSON
package import Logging
package import SystemPackage

/// The sessions under a data directory.
package final class SessionStore: Sendable {
    /// When a turn counts as stored.
    package enum Durability: String, Sendable {
        /// When it is on the disk.
        case sync
        /// When the kernel has it: it survives this process, not a power cut.
        case relaxed
    }

    /// What is done where there is no data directory.
    package enum MissingDirectory: Sendable {
        /// One is made.
        case create
        /// That is an error.
        case refuse
        /// It has been there and may come back: until then, each turn is an error.
        case waitFor
    }

    /// What a store may use, and how.
    package struct Settings: Sendable {
        /// When a turn counts as stored.
        package var durability = Durability.sync
        /// What of the past a model sees.
        package var window = ContextLimits()
        /// How long a turn waits for the one before it.
        package var busyTimeout = Duration.seconds(30)
        /// A session whose file has reached this many bytes takes no more turns.
        package var maximumSessionBytes = 64 << 20
        /// With fewer free bytes than these on the file system no turn begins.
        package var minimumFreeBytes = 0
        /// Sessions that were not used for so long are removed, where the store has a disk executor. Nil keeps them.
        package var retention: Duration?
        /// What is done where there is no data directory.
        package var missingDirectory = MissingDirectory.create

        /// The defaults.
        package init() {}
    }

    let settings: Settings
    let system: any FileSystem
    let directory: FilePath
    /// The directory of the session files.
    package let sessions: FilePath
    let quarantine: Quarantine
    let lock: SessionLock
    let cache = TailCache(capacity: 16 << 20)
    /// When this process looks again whether sessions are too old.
    let nextPruning = Mutex<ContinuousClock.Instant?>(nil)
    let disk: (any TaskExecutor)?
    let logger: Logger

    /// Opens a data directory; creates it, for this user alone, if it is not there.
    ///
    /// - Parameters:
    ///   - disk: where what waits for the disk runs, if not where turns run: with `sync` every write waits, and a file system takes many
    ///     such waits at once.
    ///   - logger: gets a line when a torn tail was cut off and when old sessions were removed.
    package convenience init(
        directory: FilePath, settings: Settings = Settings(), disk: (any TaskExecutor)? = nil, logger: Logger
    ) throws(SessionError) {
        try self.init(directory: directory, settings: settings, disk: disk, system: HostFileSystem(), logger: logger)
        guard settings.missingDirectory == .waitFor || sessions.withPlatformString({ access($0, W_OK | X_OK) }) == 0 else {
            throw SessionError(.storageUnavailable, "\(sessions) cannot be written by this user")
        }
    }

    init(
        directory: FilePath, settings: Settings, disk: (any TaskExecutor)? = nil, system: any FileSystem, logger: Logger
    ) throws(SessionError) {
        let system = UninterruptedFileSystem(system)
        self.settings = settings
        self.system = system
        self.directory = directory
        self.disk = disk
        self.logger = logger
        let sessions = directory.appending("sessions")
        self.sessions = sessions
        quarantine = Quarantine(directory: directory.appending("quarantine"), system: system, logger: logger)
        switch settings.missingDirectory {
        case .create: try Self.createDirectory(directory, in: system)
        case .refuse:
            guard try attempt("look at \(sessions)", { () throws(Errno) in try system.statusIfThere(sessions) }) != nil else {
                throw SessionError(.storageUnavailable, "\(directory) is no data directory: it has no folder named sessions")
            }
        case .waitFor: break
        }
        lock = SessionLock(
            directory.appending("locks"), directories: [sessions, quarantine.directory], timeout: settings.busyTimeout, in: system)
        if settings.missingDirectory != .waitFor { try lock.check() }
    }

    /// The turns of a session that a model may see, oldest first. Waits for no turn.
    package func history(of key: SessionKey) async throws -> [PastTurn] {
        try await withSession(key) { file in
            let status = try file.status()
            if let tail = cache.peek(key, status) { return tail.window.visible }
            return try file.readWindow(limits: settings.window).visible
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
        if try file.assumeIntactIfWhole() { return try body(file) }
        return try await lock.withLock(key) {
            guard var file = try SessionFile(path, key: key, in: system) else { return nil }
            try file.recover(quarantine: quarantine)
            return try body(file)
        }
    }

    func path(of key: SessionKey) -> FilePath { sessions.appending(key.fileName + Self.fileExtension) }

    static let fileExtension = ".json"

    var synchronizes: Bool { settings.durability == .sync }

    /// Fails where what has to stay free no longer is.
    func checkFreeBytes() throws(SessionError) {
        guard settings.minimumFreeBytes > 0 else { return }
        let free = try attempt("look at \(sessions)") { () throws(Errno) in try system.freeByteCount(at: sessions) }
        guard free >= settings.minimumFreeBytes else {
            throw SessionError(.storageFull, "\(free) bytes are free for \(sessions); \(settings.minimumFreeBytes) have to stay free")
        }
    }

    /// Makes a directory and the way there.
    private static func createDirectory(_ path: FilePath, in system: any FileSystem) throws(SessionError) {
        let parent = path.removingLastComponent()
        do throws(Errno) {
            return try system.ensureDirectory(path)
        } catch {
            guard error == .noSuchFileOrDirectory, !parent.isEmpty, parent != path else {
                throw SessionError("create the directory \(path)", error)
            }
        }
        try createDirectory(parent, in: system)
        // Once: behind a link that leads nowhere it cannot be made, though its parent's name is taken.
        try attempt("create the directory \(path)") { () throws(Errno) in try system.ensureDirectory(path) }
    }
}
