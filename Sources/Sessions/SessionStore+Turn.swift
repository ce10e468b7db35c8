package import Chat
import FoundationEssentials
import SystemPackage
import Text

extension SessionStore {
    /// Adds a turn to a session. `body` gets the earlier turns, oldest first, and makes the new one. When this returns, the turn is stored;
    /// if `body` throws, nothing is. One turn of a session runs at a time.
    ///
    /// If turns no longer fit the window and have to be summarized, the summary is made and stored first.
    ///
    /// A retry gets the turn that its first try stored, and `body` is not run. A request is a retry if it has the idempotency key of a turn
    /// of the last 24 hours, or if `isRetry` is true and it has the body of the last turn.
    ///
    /// - Parameters:
    ///   - origin: the request.
    ///   - isRetry: true if the client says that it repeats a request.
    ///   - summarize: gets turns, oldest first, and the id of the newest one, and makes the summary that covers them. If it returns nil, the
    ///     turns stay.
    /// - Throws: `SessionError`, for example `idempotencyConflict`, and what `summarize` and `body` throw.
    package func turn(
        of key: SessionKey, from origin: Turn.Origin, isRetry: Bool = false,
        summarize: (_ turns: [PastTurn], _ newest: String) async throws -> HistorySummary? = { _, _ in nil },
        _ body: ([PastTurn]) async throws -> Turn
    ) async throws -> (turn: Turn, isReplayed: Bool) {
        defer { pruneIfDue() }
        return try await lock.withLock(key) {
            let loaded = try load(key)
            if let turn = try storedTurn(for: origin, isRetry: isRetry, loaded, key) {
                if let loaded { cache.put(key, loaded.status, loaded.tail) }
                return (turn, true)
            }
            try checkRoom(loaded, key)
            if let loaded { try await summarizeOverflow(of: loaded, key, by: summarize) }
            let turn = try await body(loaded?.tail.window.visible ?? [])
            try await withTaskExecutorPreference(synchronizes ? disk : nil) {
                try store(turn, after: loaded, of: key)
            }
            return (turn, false)
        }
    }

    /// A class, so that the tail is changed in place. A value would be copied with each turn.
    private final class LoadedSession {
        var tail: SessionTail
        var status: FileStatus

        init(_ tail: SessionTail, _ status: FileStatus) {
            (self.tail, self.status) = (tail, status)
        }
    }

    /// The session from the cache or the file; nil if there is no file.
    private func load(_ key: SessionKey) throws(SessionError) -> LoadedSession? {
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { return nil }
        if let tail = cache.take(key, file.opened) { return LoadedSession(tail, file.opened) }
        return try load(from: &file)
    }

    private func load(from file: inout SessionFile) throws(SessionError) -> LoadedSession {
        try file.recover(quarantine: quarantine)
        return LoadedSession(SessionTail(window: try file.readWindow(limits: settings.window)), try file.status())
    }

    private func store(_ turn: Turn, after loaded: LoadedSession?, of key: SessionKey) throws(SessionError) {
        guard let loaded else {
            var writer = try SessionWriter(path(of: key), key: key, createdAt: turn.at, in: system)
            try writer.append(turn.line)
            return try writer.commit(replaces: false, synchronizes: synchronizes)
        }
        let offset = try append(turn.line, to: loaded, of: key)
        loaded.tail.window.append(turn.messages, limits: settings.window)
        loaded.tail.idempotencyIndex?.insert(turn, offset: offset, now: Date())
        cache.put(key, loaded.status, loaded.tail)
    }

    /// Appends a line to a session's file, and returns its offset. Opens the file again, because a chat that waits for its model holds no
    /// descriptor.
    private func append(_ line: [UInt8], to loaded: LoadedSession, of key: SessionKey) throws(SessionError) -> Int {
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { throw Self.hasMoved(key) }
        if file.opened == loaded.status {
            file.assumeIntact(size: loaded.status.size)
        } else {
            loaded.tail = try load(from: &file).tail
        }
        let offset = try file.append(line, synchronizes: synchronizes)
        loaded.status = try file.status()
        return offset
    }

    /// Stores summaries of the oldest turns until the rest fits the window, or a summary fails.
    private func summarizeOverflow(
        of loaded: LoadedSession, _ key: SessionKey, by summarize: ([PastTurn], String) async throws -> HistorySummary?
    ) async throws {
        while let (oldest, left) = loaded.tail.window.overflow(limits: settings.window) {
            guard let newest = try withFile(of: loaded, key, { file in try file.turnID(before: left) }),
                let summary = try await summarize(oldest, newest)
            else { return }
            try await withTaskExecutorPreference(synchronizes ? disk : nil) {
                _ = try append(summary.line, to: loaded, of: key)
            }
            loaded.tail.window = try withFile(of: loaded, key) { file in try file.readWindow(limits: settings.window) }
        }
    }

    /// Runs `body` on a session's file, which has not changed since it was loaded.
    private func withFile<Result>(
        of loaded: LoadedSession, _ key: SessionKey, _ body: (borrowing SessionFile) throws -> Result
    ) throws -> Result {
        guard var file = try SessionFile(path(of: key), key: key, isWritable: false, in: system) else { throw Self.hasMoved(key) }
        file.assumeIntact(size: loaded.status.size)
        return try body(file)
    }

    /// The turn that the first try of a request stored.
    private func storedTurn(
        for origin: Turn.Origin, isRetry: Bool, _ loaded: LoadedSession?, _ key: SessionKey
    ) throws -> Turn? {
        guard let loaded, isRetry || origin.idempotencyKey != nil else { return nil }
        return try withFile(of: loaded, key) { file in
            let now = Date()
            if let idempotencyKey = origin.idempotencyKey {
                if loaded.tail.idempotencyIndex == nil { loaded.tail.idempotencyIndex = try IdempotencyIndex(file, now: now) }
                guard let offset = loaded.tail.idempotencyIndex?.offset(of: idempotencyKey), let turn = try file.turn(at: offset),
                    turn.request.idempotencyKey?.utf8.elementsEqual(idempotencyKey.utf8) == true,
                    IdempotencyIndex.isWithinPeriod(turn.at, now: now)
                else { return nil }
                guard turn.request.bodySHA256 == origin.bodySHA256 else {
                    throw SessionError(.idempotencyConflict, "Another request of session \(key) had the same idempotency key")
                }
                return turn
            }
            guard let turn = try file.lastTurn(), turn.request.bodySHA256 == origin.bodySHA256,
                IdempotencyIndex.isWithinPeriod(turn.at, now: now)
            else { return nil }
            return turn
        }
    }

    /// The session's lock is held, so nobody removed its file: the directory was moved away. Going on could store a turn twice.
    private static func hasMoved(_ key: SessionKey) -> SessionError {
        SessionError(.storageUnavailable, "The file of session \(key) disappeared during a turn")
    }

    /// Called before the model is asked: nobody should pay for an answer that cannot be stored.
    private func checkRoom(_ loaded: LoadedSession?, _ key: SessionKey) throws(SessionError) {
        if let size = loaded?.status.size, size >= settings.maximumSessionBytes {
            throw SessionError(
                .sessionFull, "Session \(key) has \(size) bytes and takes no more turns from \(settings.maximumSessionBytes) on")
        }
        try checkFreeBytes()
    }
}
