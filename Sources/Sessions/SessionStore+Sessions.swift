package import Chat
import FoundationEssentials
import JSON
import SystemPackage

/// What there is to say of a session without its messages.
package struct SessionSummary: Sendable, Equatable {
    /// Its key.
    package var key: SessionKey
    /// When its first turn was stored: ISO 8601, UTC.
    package var createdAt: String
    /// When its last turn was stored; nil where it has none.
    package var updatedAt: String?
    /// How many turns it has.
    package var turnCount: Int
    /// What all its turns cost, and the summaries of its history.
    package var usage: Usage
    /// The size of its file, in bytes.
    package var byteCount: Int
}

/// A session and some of its turns.
package struct SessionPage: Sendable {
    /// What there is to say of the whole session.
    package var summary: SessionSummary
    /// Turns that follow each other, oldest first.
    package var turns: [Turn]
    /// Whether there are older ones.
    package var hasMore: Bool
}

extension SessionStore {
    /// What there is to say of a session. Reads the whole file.
    ///
    /// - Throws: `SessionError`, `notFound` among others.
    package func summary(of key: SessionKey) async throws -> SessionSummary {
        try await reading(key) { file in try file.summary() }
    }

    /// What there is to say of a session and its newest turns, as they are at one moment. Reads the whole file.
    ///
    /// - Parameters:
    ///   - messages: the most messages; one turn comes even if it has more.
    ///   - turn: the id of a turn: only older ones come.
    /// - Throws: `SessionError`, `notFound` and `unknownTurn` among others.
    package func page(of key: SessionKey, messages limit: Int, before turnID: String? = nil) async throws -> SessionPage {
        try await reading(key) { file in
            var turns: [Turn] = []
            var messageCount = 0
            var hasMore = false
            var isBefore = turnID == nil
            try file.readTurnsBackwards { turn, _ in
                guard isBefore else {
                    isBefore = turn.id == turnID
                    return true
                }
                messageCount += turn.messages.count
                hasMore = !turns.isEmpty && messageCount > limit
                if !hasMore { turns.append(turn) }
                return !hasMore
            }
            guard isBefore else { throw SessionError(.unknownTurn, "Session \(key) has no turn \(turnID ?? "")") }
            return SessionPage(summary: try file.summary(), turns: turns.reversed(), hasMore: hasMore)
        }
    }

    /// Removes a session: after this its key is new.
    ///
    /// - Throws: `SessionError`, `notFound` and `busy` among others.
    package func delete(_ key: SessionKey) async throws {
        try await lock.withLock(key) {
            let path = path(of: key)
            let wasThere = try attempt("remove \(path)") { () throws(Errno) in
                do throws(Errno) {
                    try system.unlink(path)
                    return true
                } catch {
                    guard error == .noSuchFileOrDirectory else { throw error }
                    try system.checkDirectory(of: path)
                    return false
                }
            }
            guard wasThere else { throw SessionError.notFound(key) }
            if synchronizes { try SessionWriter.synchronize(sessions, in: system) }
        }
    }

    /// Takes the last turn of a session back, and with the turns that a summary covers the summary.
    ///
    /// - Returns: the turn that is no longer there, and how many there still are.
    /// - Throws: `SessionError`, `notFound`, `empty` and `busy` among others.
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
            // One turn behind: the last one, and the summaries behind it, are not copied yet.
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
            // A model sees the last turn itself, whose calls of tools may wait: no summary covers it.
            for line in held.dropFirst() {
                guard let summary = SessionFile.summary(in: line[...], JSONDecoder()) else { throw file.unreadableLine }
                if !last.contains(where: { $0.id == summary.covers }) { try writer.append(line) }
            }
            try writer.commit(replaces: true, synchronizes: synchronizes)
            return (turn, turnCount - 1)
        }
    }

    /// Copies a session, as it is now, to a new key.
    ///
    /// - Throws: `SessionError`, `notFound`, `exists` and `storageFull` among others.
    package func fork(_ key: SessionKey, to target: SessionKey) async throws -> SessionSummary {
        try await lock.withLock(target) {
            guard try !exists(target) else { throw SessionError(.exists, "There is a session \(target) already") }
            try checkFreeBytes()
            try await reading(key) { file in
                var writer = try SessionWriter(path(of: target), key: target, createdAt: Date().ISO8601Format(), in: system)
                try file.readLines { line, _ in try writer.append(line) }
                try writer.commit(replaces: false, synchronizes: synchronizes)
            }
            return try await summary(of: target)
        }
    }

    func exists(_ key: SessionKey) throws(SessionError) -> Bool { try status(at: path(of: key)) != nil }

    func reading<Result: Sendable>(
        _ key: SessionKey, _ body: (borrowing SessionFile) throws -> Result
    ) async throws -> Result {
        guard let result = try await withSession(key, body) else { throw SessionError.notFound(key) }
        return result
    }
}

extension SessionFile {
    /// Reads the whole file.
    func summary() throws -> SessionSummary {
        var summary = SessionSummary(
            key: key, createdAt: try header().createdAt, turnCount: 0, usage: .zero,
            byteCount: end + Self.closing.count)
        let decoder = JSONDecoder()
        /// What of a turn, or a summary, is summed up; the messages are left unread.
        struct Cost: Decodable {
            var at: String
            var usage: Usage
        }
        try readLines { line, _ in
            guard let cost = try? decoder.read(Cost.self, from: line) else { throw unreadableLine }
            if !Self.isSummary(line) {
                summary.turnCount += 1
                summary.updatedAt = cost.at
            }
            summary.usage = summary.usage + cost.usage
        }
        return summary
    }
}
