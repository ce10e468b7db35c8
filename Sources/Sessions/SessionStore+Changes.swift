import Chat
import Files
import FoundationEssentials
import JSON
import SystemPackage
import Text

extension SessionStore {
    /// Removes a session, and what the archive has of it. Its key is new afterwards.
    ///
    /// - Throws: `SessionError`, for example `notFound` or `busy`.
    package func delete(_ key: SessionKey) async throws {
        try await lock.withLock(key) {
            let path = path(of: key)
            let isThere = try removableFile(path, key) != nil
            try archive.remove(key)
            removeCompanions(of: key)
            background.remove(of: key)
            guard isThere else {
                try await makeAbsenceDurable()
                throw SessionError.notFound(key)
            }
            try unlink(path)
        }
    }

    /// Removes a session's file.
    private func unlink(_ path: FilePath) throws(SessionError) {
        try attempt("remove \(path)") { () throws(Errno) in try system.unlink(path) }
        guard synchronizes else { return }
        do throws(SessionError) {
            try SessionWriter.synchronize(sessions, in: system)
        } catch {
            throw error.withUnknownOutcome
        }
    }

    /// The file of a session that may be removed; nil if there is none. A damaged one may be.
    ///
    /// - Throws: `newerFormat`, or `unreadable` if it is another session's or no file.
    func removableFile(_ path: FilePath, _ key: SessionKey) throws(SessionError) -> SessionFile? {
        guard let file = try SessionFile(path, key: key, isWritable: false, in: system) else { return nil }
        try file.checkOwner()
        return file
    }

    /// Takes back the last turn of a session, and each summary that covers the last turn or the one before it.
    ///
    /// - Returns: the removed turn and the number of remaining ones.
    /// - Throws: `SessionError`, for example `notFound`, `empty` or `busy`.
    package func undo(_ key: SessionKey) async throws -> (turn: Turn, turnsLeft: Int) {
        try await lock.withLock(key) {
            guard var file = try SessionFile(path(of: key), key: key, in: system) else { throw SessionError.notFound(key) }
            try file.recover(quarantine: quarantine)
            var last: [Turn] = []
            try file.readTurnsBackwards { turn, _ in
                last.append(turn)
                return last.count < 2
            }
            guard let turn = last.first else { throw SessionError(.empty, "Session \(key) has no turn to take back") }
            var writer = try SessionWriter(path(of: key), key: key, createdAt: try file.header().createdAt, in: system)
            // Copying stays one turn behind: the last turn and the summaries after it are held back.
            var held: [[UInt8]] = []
            var turnCount = 0
            try file.readLines { line, _ in
                if !SessionFile.isSummary(line) {
                    for line in held { try writer.append(line) }
                    held = []
                    turnCount += 1
                }
                held.append(Array(line))
            }
            // No summary may cover the new last turn: the model needs it as it is, since its tool calls may still wait for results.
            for line in held.dropFirst() {
                guard let summary = SessionFile.summary(in: line[...], ValueDecoder()) else { throw file.unreadableLine }
                if !last.contains(where: { $0.id == summary.covers }) { try writer.append(line) }
            }
            try replace(file, by: writer)
            background.remove(of: key, turn)
            return (turn, turnCount - 1)
        }
    }

    /// Gives a session's name to a new file that was made of the old one.
    ///
    /// - Parameter end: of the turns when the old file was read; nil for the end that it has.
    /// - Throws: `storageUnavailable` if the session is no longer locked, or somebody had the lock in between and changed the file: then its new
    ///   turns would be lost.
    func replace(_ old: borrowing SessionFile, readTo end: Int? = nil, by new: consuming SessionWriter) throws(SessionError) {
        try lock.checkStillHeld(old.key)
        let size = (end ?? old.end) + SessionFile.closing.count
        guard let now = try SessionFile(old.path, key: old.key, isWritable: false, in: system), now.opened.size == size,
            (now.opened.device, now.opened.inode) == (old.opened.device, old.opened.inode)
        else { throw SessionError(.storageUnavailable, "The file of session \(old.key) was changed while its lock was lost") }
        try new.commit(replaces: true, synchronizes: synchronizes)
    }

    /// Removes what other directories have of a session that is old: the archive and turns in the background are pruned by themselves.
    func removeCompanions(of key: SessionKey) {
        locators.remove(key)
        metadata.remove(SessionLocator(key).description)
    }

    /// Removes a turn, whichever it is, and the summaries that cover it. A session that has no other turn is removed if a response began it.
    ///
    /// - Throws: `unknownTurn` if there is no such turn.
    package func remove(_ reference: TurnReference, of key: SessionKey) async throws {
        try await change(reference, of: key, withGiven: true) { $0 = nil }
    }

    /// Changes a turn, whichever it is, and removes the summaries that cover it.
    ///
    /// - Parameters:
    ///   - withGiven: true to remove with the turn what its request gave as the past.
    ///   - change: makes the turn nil to remove it. A session that has no other turn is then removed if a response began it.
    /// - Throws: `unknownTurn` if there is no such turn, and what `change` throws.
    package func change(
        _ reference: TurnReference, of key: SessionKey, withGiven: Bool = false, _ change: (inout Turn?) throws -> Void
    ) async throws {
        try await lock.withLock(key) {
            guard var file = try SessionFile(path(of: key), key: key, in: system) else {
                try await makeAbsenceDurable()
                throw SessionError.unknownTurn(key)
            }
            try file.recover(quarantine: quarantine)
            guard let range = try file.range(of: reference) else { throw SessionError.unknownTurn(key) }
            guard let turn = SessionFile.turn(in: try file.read(range)[...], ValueDecoder()) else { throw file.unreadableLine }
            // What its request gave as the past is a line of its own.
            let past = withGiven ? try given(with: turn, before: range, in: file) : nil
            let pastStart = past.map { Array("{\"id\":\"\($0.id)\"".utf8) }
            var changed: Turn? = turn
            try change(&changed)
            var writer = try SessionWriter(path(of: key), key: key, createdAt: try file.header().createdAt, in: system)
            let (start, decoder) = (reference.lineStart, ValueDecoder())
            // The ids of the turn and of those behind it: a summary that covers one of them has read the turn.
            var later: Set<TextKey> = []
            var turnCount = 0
            try file.readLines { line, _ in
                if SessionFile.isSummary(line) {
                    guard let summary = SessionFile.summary(in: line, decoder) else { throw file.unreadableLine }
                    guard !later.contains(TextKey(summary.covers)) else { return }
                } else {
                    let isTurn = line.starts(with: start)
                    let isPast = pastStart.map { line.starts(with: $0) } ?? false
                    if isTurn || isPast || !later.isEmpty {
                        guard let id = SessionFile.id(of: line, decoder) else { throw file.unreadableLine }
                        later.insert(TextKey(id))
                    }
                    guard !isPast, !isTurn || changed != nil else { return }
                    turnCount += 1
                    if isTurn, let changed { return try writer.append(changed.line) }
                }
                try writer.append(line)
            }
            defer { background.remove(of: key, turn) }
            guard turnCount > 0 || UnnamedSession(key)?.kind != .response else { return try unlink(path(of: key)) }
            try replace(file, by: writer)
        }
    }

    /// Copies a session, as it is now, to a new key.
    ///
    /// - Throws: `SessionError`, for example `notFound`, `exists`, `tooManyCopies` or `storageFull`.
    package func fork(_ key: SessionKey, to target: SessionKey) async throws -> SessionSummary {
        try await lock.withLock(target) {
            if let file = try SessionFile(path(of: target), key: target, isWritable: false, in: system) {
                try await makeDurable(file)
                throw SessionError(.exists, "There is a session \(target) already")
            }
            try checkFreeBytes()
            if locators.has(key) { try locators.ensure(target, synchronizes: synchronizes) }
            try await withTaskExecutorPreference(reading) {
                try await withExistingSession(key) { file in
                    try copies.check()
                    var writer = try SessionWriter(
                        path(of: target), key: target, createdAt: Date().ISO8601Format(), headerLength: try file.headerLength(), in: system)
                    // Also if it then fails.
                    copies.take(file.end)
                    copies.take(-(try writer.appendLines(of: file)))
                    try writer.commit(replaces: false, synchronizes: synchronizes)
                }
            }
            do {
                return try await summary(of: target)
            } catch let error as SessionError {
                throw error.withUnknownOutcome
            }
        }
    }
}
