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
        try await withExistingSession(key) { file in try file.summary() }
    }

    /// What there is to say of a session and its newest turns, as they are at one moment. Reads the whole file.
    ///
    /// - Parameters:
    ///   - messages: the most messages; one turn comes even if it has more.
    ///   - turn: the id of a turn: only older ones come.
    /// - Throws: `SessionError`, `notFound` and `unknownTurn` among others.
    package func page(of key: SessionKey, messages limit: Int, before turnID: String? = nil) async throws -> SessionPage {
        try await withExistingSession(key) { file in
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

    func withExistingSession<Result: Sendable>(
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
