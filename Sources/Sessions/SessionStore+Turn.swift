package import Chat
import Files
import FoundationEssentials
import SystemPackage
import Text

extension SessionStore {
    /// Adds a turn to a session. `body` gets the earlier turns, oldest first, and makes the new one. When this returns, the turn is stored;
    /// if `body` throws, nothing is. One turn of a session runs at a time.
    ///
    /// If turns no longer fit the window and have to be summarized, the summary is made and stored first.
    ///
    /// If another try of the request has stored its turn, that is returned, and `body` is not run.
    ///
    /// - Parameters:
    ///   - origin: the request.
    ///   - place: where the turn goes. If it cannot, this throws `unknownTurn`, `notLast` or `exists`.
    ///   - hasID: true if an id of the turn is to lead to the session.
    ///   - shown: the conversation before the turn as the client has it, which the session is made to be like; nil to go on with the session.
    ///     What the client no longer shows goes to the archive.
    ///   - hasLeft: tells whether nobody waits for the answer any more. Does not wait itself.
    ///   - summarize: gets turns, oldest first, and the id of the newest one, and makes the summary that covers them. If it returns nil, the
    ///     turns stay.
    /// - Throws: `SessionError`, for example `idempotencyConflict`, and what `summarize` and `body` throw.
    package func turn(
        of key: SessionKey, from origin: Turn.Origin, at place: TurnPlace = .end, hasID: Bool = false, showing shown: [Message]? = nil,
        hasLeft: () -> Bool = { false },
        summarize: (_ turns: [PastTurn], _ newest: String) async throws -> HistorySummary? = { _, _ in nil },
        _ body: ([PastTurn]) async throws -> Turn
    ) async throws -> (turn: Turn, isReplayed: Bool) {
        defer { pruneIfDue(after: key) }
        // The file when this request began to wait.
        var arrival: FileStatus??
        // True if a retry of this request, should it fail, will not be taken for one of the last turn's.
        var isNoted = false
        do {
            return try await lock.withLock(
                key,
                onWait: {
                    arrival = try? status(at: path(of: key))
                    // Now, because this process may die before the session is free.
                    noteRepeated(origin, key)
                }
            ) {
                let loaded = try load(key)
                // Who stops an answer in a front end and asks for another one wants another one, which takes the place of the first.
                let mayBeTry = shown == nil || origin.isRetry || origin.idempotencyKey != nil
                if let loaded, mayBeTry, let turn = try await storedTurn(for: origin, since: arrival, loaded, key, hasLeft: hasLeft) {
                    if !loaded.isDurable { try await withFile(of: loaded, key) { file in try await makeDurable(file) } }
                    cache.put(key, loaded.status, loaded.tail)
                    return (turn, true)
                }
                try await check(place, loaded, key)
                if !mayBeTry { noteRepeated(origin, key) }
                isNoted = true
                try checkRoom(loaded?.status.size, key)
                if hasID, loaded?.tail.hasLocator != true {
                    try locators.ensure(key, synchronizes: synchronizes)
                    loaded?.tail.hasLocator = true
                }
                var alignment: Alignment?
                if let shown {
                    alignment = try await align(shown, with: loaded, key)
                } else if let loaded {
                    try await summarizeOverflow(of: loaded, key, by: summarize)
                }
                let history = (alignment?.window ?? loaded?.tail.window)?.visible ?? []
                var turn = try await body(try await self.history(before: place) ?? history)
                if let alignment { turn.given = alignment.given }
                let other = try await withTaskExecutorPreference(synchronizes ? disk : nil) { [turn] in
                    guard case .branch(let source, let last) = place else { return try store(turn, after: loaded, alignment, of: key) }
                    try await store(turn, in: key, branchingFrom: source, behind: last)
                    return nil
                }
                if let other {
                    // For its sake: what a client is told has to be on the disk.
                    _ = try await withSession(key) { _ in }
                    return (other, true)
                }
                // Before the session is free: the next try may wait for it already.
                if turn.request.idempotencyKey == nil, hasLeft() {
                    RetryMark(.undelivered, on: LastLine(turn.line, at: 0), of: turn.request, key, lock).leave()
                }
                return (turn, false)
            }
        } catch {
            if !isNoted { noteRepeated(origin, key) }
            throw error
        }
    }

    /// A class, so that the tail is changed in place. A value would be copied with each turn.
    final class LoadedSession {
        var tail: SessionTail
        var status: FileStatus
        /// True if the file's name and content are on the disk.
        var isDurable: Bool

        init(_ tail: SessionTail, _ status: FileStatus, isDurable: Bool) {
            (self.tail, self.status, self.isDurable) = (tail, status, isDurable)
        }
    }

    /// The session from the cache or the file; nil if there is no file.
    private func load(_ key: SessionKey) throws(SessionError) -> LoadedSession? {
        try rewriteIfDistrusted(key)
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { return nil }
        if let tail = cache.take(key, file.opened), try tail.lastLine.isIn(file) {
            return LoadedSession(tail, file.opened, isDurable: true)
        }
        return try load(from: &file)
    }

    private func load(from file: inout SessionFile) throws(SessionError) -> LoadedSession {
        try file.recover(quarantine: quarantine)
        let tail = SessionTail(window: try file.readWindow(limits: settings.window), lastLine: try LastLine(of: file))
        let status = try file.status()
        return LoadedSession(tail, status, isDurable: synced.has(file.key, status))
    }

    /// Stores a turn, unless the lock was lost meanwhile and another try of the request, elsewhere, has stored its own: that is returned.
    private func store(
        _ turn: Turn, after loaded: LoadedSession?, _ alignment: Alignment?, of key: SessionKey
    ) throws(SessionError) -> Turn? {
        try lock.checkStillHeld(key)
        if let loaded, let end = alignment?.end, end < loaded.status.size - SessionFile.closing.count {
            try store(turn, inPlaceFrom: end, of: loaded, key)
            return nil
        }
        guard let loaded else { return try storeFirst(turn, of: key) }
        let before = loaded.status
        var file = try reopen(loaded, key)
        if loaded.status != before, turn.request.idempotencyKey != nil, let other = try keyedTurn(for: turn.request, loaded, file) {
            return other
        }
        // The turns of the session were taken back, or a front end shows more than there are.
        if let past = turn.past {
            _ = try append(past.line, to: &file, of: loaded)
            loaded.tail.window.append(past.messages, isGiven: true, limits: settings.window)
        }
        let offset = try append(turn.line, to: &file, of: loaded)
        loaded.tail.window.append(turn.messages, isGiven: turn.isGiven, limits: settings.window)
        loaded.tail.idempotencyIndex?.insert(turn, offset: offset, now: Date())
        cache.put(key, loaded.status, loaded.tail)
        return nil
    }

    /// Stores the first turn of a session, or returns that of another try, as `store`.
    private func storeFirst(_ turn: Turn, of key: SessionKey) throws(SessionError) -> Turn? {
        var writer = try SessionWriter(path(of: key), key: key, createdAt: turn.at, in: system)
        if let past = turn.past { try writer.append(past.line) }
        try writer.append(turn.line)
        do throws(SessionError) {
            try writer.commit(replaces: false, synchronizes: synchronizes)
        } catch {
            // It may be this turn that is there, and not yet on the disk.
            guard turn.request.idempotencyKey != nil, let loaded = try? load(key), let file = try? reopen(loaded, key),
                let other = try keyedTurn(for: turn.request, loaded, file), other.id != turn.id
            else { throw error }
            return other
        }
        if synchronizes, let status = try? status(at: path(of: key)) { synced.insert(key, status) }
        return nil
    }

    /// Opens a session's file again, because a chat that waits for its model holds no descriptor. What is loaded is then of this file.
    private func reopen(_ loaded: LoadedSession, _ key: SessionKey) throws(SessionError) -> SessionFile {
        guard var file = try SessionFile(path(of: key), key: key, in: system) else { throw Self.hasMoved(key) }
        if file.opened == loaded.status, try loaded.tail.lastLine.isIn(file) {
            file.assumeIntact(size: loaded.status.size)
        } else {
            let changed = try load(from: &file)
            (loaded.tail, loaded.status, loaded.isDurable) = (changed.tail, changed.status, changed.isDurable)
        }
        return file
    }

    /// Appends a line to a session's open file, and returns its offset.
    private func append(_ line: [UInt8], to file: inout SessionFile, of loaded: LoadedSession) throws(SessionError) -> Int {
        // The append syncs the lines before it, but not the file's name.
        if synchronizes, !loaded.isDurable { try SessionWriter.synchronize(sessions, in: system) }
        let offset: Int
        do throws(SessionError) {
            offset = try file.append(line, synchronizes: synchronizes)
        } catch {
            if file.hasFailedToSync { synced.distrust(file.key) }
            throw error
        }
        loaded.isDurable = true
        // The line is stored: if the status cannot be had, the cache does not know the file the next time.
        loaded.status.size = file.end + SessionFile.closing.count
        if let status = try? file.status() { loaded.status = status }
        loaded.tail.lastLine = LastLine(line, at: offset)
        return offset
    }

    /// Stores summaries of the oldest turns until the rest fits the window, or a summary fails.
    private func summarizeOverflow(
        of loaded: LoadedSession, _ key: SessionKey, by summarize: ([PastTurn], String) async throws -> HistorySummary?
    ) async throws {
        while let (oldest, left) = loaded.tail.window.overflow(limits: settings.window) {
            guard let newest = try await withFile(of: loaded, key, { file in try file.turnID(before: left) }),
                let summary = try await summarize(oldest, newest)
            else { return }
            try await withTaskExecutorPreference(synchronizes ? disk : nil) {
                var file = try reopen(loaded, key)
                _ = try append(summary.line, to: &file, of: loaded)
            }
            loaded.tail.window = try await withFile(of: loaded, key) { file in try file.readWindow(limits: settings.window) }
        }
    }

    /// Runs `body` on a session's file, which has not changed since it was loaded.
    func withFile<Result>(
        of loaded: LoadedSession, _ key: SessionKey, _ body: (borrowing SessionFile) async throws -> Result
    ) async throws -> Result {
        guard var file = try SessionFile(path(of: key), key: key, isWritable: false, in: system) else { throw Self.hasMoved(key) }
        file.assumeIntact(size: loaded.status.size)
        return try await body(file)
    }

    /// The session's lock is held, so nobody removed its file: the directory was moved away. Going on could store a turn twice.
    private static func hasMoved(_ key: SessionKey) -> SessionError {
        SessionError(.storageUnavailable, "The file of session \(key) disappeared during a turn")
    }

    /// Called before the model is asked: nobody should pay for an answer that cannot be stored.
    ///
    /// - Parameter size: of the session's file; nil if there is none.
    func checkRoom(_ size: Int?, _ key: SessionKey) throws(SessionError) {
        if let limit = settings.maximumSessionBytes, let size, size >= limit {
            throw SessionError(.sessionFull, "Session \(key) has \(size) bytes and takes no more turns from \(limit) on")
        }
        try checkFreeBytes()
    }
}
