package import Chat
import Concurrency
package import Files
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

    /// How a store opens a data directory that does not exist.
    package enum MissingDirectory: Sendable {
        /// Creates it.
        case create
        /// Throws.
        case refuse
        /// Opens, as the directory has been there and may come back. Until it does, each turn throws.
        case waitFor
    }

    package struct Settings: Sendable {
        package var durability = Durability.sync
        package var window = ContextLimits()
        /// How long a turn waits for the one before it.
        package var busyTimeout = Duration.seconds(30)
        /// A session whose file has reached this size takes no more turns; nil if any size may.
        package var maximumSessionBytes: Int?
        /// No turn begins if the file system has fewer free bytes.
        package var minimumFreeBytes = 0
        /// Sessions that were not used for this long are removed, if the store has a disk executor. Nil keeps them.
        package var retention: Duration?
        /// The same for sessions that no client named. Nil takes them for the others.
        package var unnamedRetention: Duration?
        package var missingDirectory = MissingDirectory.create

        package init() {}
    }

    let settings: Settings
    let system: any FileSystem
    let directory: FilePath
    /// The directory of the session files.
    package let sessions: FilePath
    let quarantine: Quarantine
    let archive: Archive
    let locators: LocatorFiles
    /// What conversations have besides their turns.
    let metadata: SmallFiles
    package let background: BackgroundFiles
    let lock: SessionLock
    let cache = TailCache(capacity: 16 << 20)
    let totals = TotalsCache()
    let synced = SyncedFiles()
    let copies = CopyAllowance()
    /// When this process next looks for sessions that are too old.
    let nextPruning = Mutex<ContinuousClock.Instant?>(nil)
    /// True once this process has used a session that no client named.
    let mayHaveUnnamed = Mutex(false)
    let disk: (any TaskExecutor)?
    package let reading: (any TaskExecutor)?
    let logger: Logger

    /// Opens a data directory. By default it is created if it does not exist, for this user alone.
    ///
    /// - Parameters:
    ///   - disk: runs what waits for the disk; nil to run it where the turn runs. With `sync` every write waits, and a file system can
    ///     handle many waiting writes at once.
    ///   - reading: runs what reads or copies more than a turn needs; nil to run it where the request runs. Each of its threads does this for
    ///     one request at a time.
    ///   - logger: gets a line when a torn tail was cut off and when old sessions were removed.
    package convenience init(
        directory: FilePath, settings: Settings = Settings(), disk: (any TaskExecutor)? = nil, reading: (any TaskExecutor)? = nil,
        in system: any FileSystem = HostFileSystem(), logger: Logger
    ) throws(SessionError) {
        try self.init(directory: directory, settings: settings, disk: disk, reading: reading, system: system, logger: logger)
        guard settings.missingDirectory == .waitFor || sessions.withPlatformString({ access($0, W_OK | X_OK) }) == 0 else {
            var status = stat()
            let isOwn = sessions.withPlatformString { stat($0, &status) } == 0 && status.st_uid == geteuid()
            let reason = isOwn && status.st_mode & 0o700 != 0o700 ? ", although it belongs to them: run chmod u+rwx \(sessions)" : ""
            throw SessionError(.storageUnavailable, "\(sessions) cannot be written by this user\(reason)")
        }
    }

    init(
        directory: FilePath, settings: Settings, disk: (any TaskExecutor)? = nil, reading: (any TaskExecutor)? = nil,
        system: any FileSystem, logger: Logger
    ) throws(SessionError) {
        let system = UninterruptedFileSystem(system)
        self.settings = settings
        self.system = system
        self.directory = directory
        self.disk = disk
        self.reading = reading
        self.logger = logger
        let sessions = directory.appending("sessions")
        self.sessions = sessions
        quarantine = Quarantine(directory: directory.appending("quarantine"), system: system, logger: logger)
        archive = Archive(directory: directory.appending("archive"), system: system)
        locators = LocatorFiles(files: SmallFiles(directory: directory.appending("locators"), system: system))
        metadata = SmallFiles(directory: directory.appending("metadata"), system: system)
        background = BackgroundFiles(
            directory: directory.appending("background"), system: system, synchronizes: settings.durability == .sync)
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

    /// The turns of a session that a model may see, oldest first. Does not wait for a turn in progress.
    package func history(of key: SessionKey) async throws -> [PastTurn] {
        try await withSession(key) { file in
            if let tail = cache.peek(key, file.opened), try tail.lastLine.isIn(file) { return tail.window.visible }
            return try file.readWindow(limits: settings.window).visible
        } ?? []
    }

    /// The turns of a conversation that a model may see, oldest first.
    package func visible(_ conversation: [Message]) -> [PastTurn] {
        Alignment(conversation, limits: settings.window).window.visible
    }

    /// Runs `body` on a session's file as it is now, for reading; returns nil if there is none. Does not wait for a turn in progress, and
    /// needs no room on the disk.
    func withSession<Result: Sendable>(
        _ key: SessionKey, _ body: (borrowing SessionFile) async throws -> Result
    ) async throws -> Result? {
        try lock.check()
        guard let file = try await wholeFile(key) else {
            try await makeAbsenceDurable()
            return nil
        }
        try await makeDurable(file)
        return try await body(file)
    }

    /// Opens a session's file, up to its last whole turn.
    private func wholeFile(_ key: SessionKey) async throws -> SessionFile? {
        if synced.isDistrusted(key) { try await lock.withLock(key) { try rewriteIfDistrusted(key) } }
        let path = path(of: key)
        for _ in 1...5 {
            guard var file = try SessionFile(path, key: key, isWritable: false, in: system) else { return nil }
            if try file.assumeIntactIfWhole() { return file }
            // It may be an append under way, which takes microseconds.
            try await Task.sleep(for: .milliseconds(1))
        }
        if try !repairIfFree(key) {
            // A turn runs, or the disk cannot be written.
            guard var file = try SessionFile(path, key: key, isWritable: false, in: system) else { return nil }
            if try file.assumeTorn() { return file }
            try await lock.withLock(key) { try repair(key) }
        }
        return try await wholeFile(key)
    }

    /// Repairs the torn tail of a session that nobody uses. False if it is in use, or cannot be written.
    private func repairIfFree(_ key: SessionKey) throws(SessionError) -> Bool {
        do throws(SessionError) {
            return try lock.withLockIfFree(key) { () throws(SessionError) in try repair(key) } != nil
        } catch {
            guard [.storageFull, .storageUnavailable].contains(error.code) else { throw error }
            return false
        }
    }

    private func repair(_ key: SessionKey) throws(SessionError) {
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { return }
        try file.recover(quarantine: quarantine)
    }

    func path(of key: SessionKey) -> FilePath { sessions.appending(key.fileName + Self.fileExtension) }

    static let fileExtension = ".json"

    var synchronizes: Bool { settings.durability == .sync }

    /// Fails if the file system has fewer free bytes than it should.
    func checkFreeBytes() throws(SessionError) {
        guard settings.minimumFreeBytes > 0 else { return }
        let free = try freeByteCount()
        guard free >= settings.minimumFreeBytes else {
            throw SessionError(.storageFull, "\(free) bytes are free for \(sessions); \(settings.minimumFreeBytes) have to stay free")
        }
    }

    /// Fails if no new session could be stored now. Writes, and removes, empty files, where sessions are and where their locks are.
    package func checkWritable() throws(SessionError) {
        try lock.check()
        try checkFreeBytes()
        for path in [sessions, directory] { _ = try FileSystemProbe(in: path) }
    }

    /// The number of bytes that this user may still write to the sessions' file system.
    package func freeByteCount() throws(SessionError) -> Int {
        try attempt("look at \(sessions)") { () throws(Errno) in try system.freeByteCount(at: sessions) }
    }

    /// Creates a directory and those above it.
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
        // Tried only once: under a dangling link it cannot be created, although its parent's name is taken.
        try attempt("create the directory \(path)") { () throws(Errno) in try system.ensureDirectory(path) }
    }
}
