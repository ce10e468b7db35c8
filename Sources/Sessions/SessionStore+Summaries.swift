package import Chat
import Files
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
    /// The facts about a session. Reads what was appended since the last time.
    ///
    /// - Throws: `SessionError`, for example `notFound`.
    package func summary(of key: SessionKey) async throws -> SessionSummary {
        try await withTaskExecutorPreference(reading) {
            try await withExistingSession(key) { file in try summary(file) }
        }
    }

    /// The facts about a session and its newest turns, all from one state of the file. Reads the page, and what was appended since the last
    /// time. If older turns are asked for, the newer lines are passed over without being decoded.
    ///
    /// - Parameters:
    ///   - limit: the maximum number of messages. There is always one turn, even if it has more. A page has about 4 MiB at most.
    ///   - turnID: the id of a turn, to get only older ones.
    /// - Throws: `SessionError`, for example `notFound` or `unknownTurn`.
    package func page(of key: SessionKey, messages limit: Int, before turnID: String? = nil) async throws -> SessionPage {
        try await withTaskExecutorPreference(reading) {
            try await withExistingSession(key) { file in
                var turns: [Turn] = []
                var (messageCount, byteCount) = (0, 0)
                var hasMore = false
                var start: Int?
                if let turnID {
                    start = try file.start(ofTurn: turnID)
                    guard start != nil else { throw SessionError(.unknownTurn, "Session \(key) has no turn \(turnID)") }
                }
                try file.readTurnsBackwards(from: start) { turn, range in
                    messageCount += turn.messages.count
                    byteCount += range.count
                    hasMore = !turns.isEmpty && (messageCount > limit || byteCount > Self.pageBytes)
                    if !hasMore { turns.append(turn) }
                    return !hasMore
                }
                return SessionPage(summary: try summary(file), turns: turns.reversed(), hasMore: hasMore)
            }
        }
    }

    private static let pageBytes = 4 << 20

    func summary(_ file: borrowing SessionFile) throws -> SessionSummary {
        let totals = try totals.totals(of: file)
        return SessionSummary(
            key: file.key, createdAt: try file.header().createdAt, updatedAt: totals.updatedAt, turnCount: totals.turnCount,
            usage: totals.usage, byteCount: file.end + SessionFile.closing.count)
    }

    func withExistingSession<Result: Sendable>(
        _ key: SessionKey, _ body: (borrowing SessionFile) async throws -> Result
    ) async throws -> Result {
        guard let result = try await withSession(key, body) else { throw SessionError.notFound(key) }
        return result
    }
}
