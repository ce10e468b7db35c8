package import Chat
import FoundationEssentials
import JSON
import SystemPackage
import Text

/// The facts about a session, without its messages.
package struct SessionSummary: Sendable, Equatable {
    package var key: SessionKey
    /// When the first turn was stored: ISO 8601, UTC.
    package var createdAt: String
    /// When the last turn was stored; nil if there is none.
    package var updatedAt: String?
    package var turnCount: Int
    /// The sum over all turns and over the summaries of the history.
    package var usage: Usage
    /// The size of the file.
    package var byteCount: Int
}

/// Some consecutive turns of a session.
package struct SessionPage: Sendable {
    /// The facts about the whole session.
    package var summary: SessionSummary
    /// Oldest first.
    package var turns: [Turn]
    /// True if there are older turns.
    package var hasMore: Bool
}

extension SessionStore {
    /// The facts about a session. Reads the whole file.
    ///
    /// - Throws: `SessionError`, for example `notFound`.
    package func summary(of key: SessionKey) async throws -> SessionSummary {
        try await withExistingSession(key) { file in try file.summary() }
    }

    /// The facts about a session and its newest turns, all from one state of the file. Reads the whole file.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of messages. There is always one turn, even if it has more.
    ///   - turnID: the id of a turn, to get only older ones.
    /// - Throws: `SessionError`, for example `notFound` or `unknownTurn`.
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
        let decoder = ValueDecoder()
        /// The part of a turn or summary that is summed up. The messages are not decoded.
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
