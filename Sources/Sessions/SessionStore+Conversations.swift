package import Chat
import Crypto
import Files
import FoundationEssentials
package import JSON
import SystemPackage
import Text

/// Sessions as the Conversations API uses them.
extension SessionStore {
    /// Creates a session that has no turns.
    ///
    /// - Throws: `SessionError`, for example `exists`.
    package func create(_ key: SessionKey) async throws {
        try await lock.withLock(key) {
            guard try status(at: path(of: key)) == nil else { throw SessionError(.exists, "There is a session \(key) already") }
            try checkFreeBytes()
            let writer = try SessionWriter(path(of: key), key: key, createdAt: Date().ISO8601Format(), in: system)
            try writer.commit(replaces: false, synchronizes: synchronizes)
        }
    }

    /// When a session was created: ISO 8601, UTC.
    ///
    /// - Throws: `SessionError`, for example `notFound`.
    package func creation(of key: SessionKey) async throws -> String {
        try await withExistingSession(key) { file in try file.header().createdAt }
    }

    /// What the client noted of a session: an object.
    package func metadata(of key: SessionKey) throws(SessionError) -> JSONValue {
        let text = try metadata.read(SessionLocator(key).description, limit: Self.longestMetadata)
        guard let text, let value = try? JSONField(parsing: text).value, value.isObject else { return [:] }
        return value
    }

    /// Notes something of a session, in place of what was noted before.
    ///
    /// - Throws: `SessionError`, for example `notFound`.
    package func note(_ value: JSONValue, of key: SessionKey) async throws {
        try await lock.withLock(key) {
            guard try status(at: path(of: key)) != nil else { throw SessionError.notFound(key) }
            try metadata.write(value.serialized, to: SessionLocator(key).description, synchronizes: synchronizes)
        }
    }

    /// 16 pairs of 64 and 512 characters, each of which may be escaped.
    private static let longestMetadata = 1 << 17

    /// Adds messages to a session that no model was asked for.
    ///
    /// - Throws: `SessionError`, for example `notFound` or `busy`.
    package func add(_ messages: [Message], model: String, to key: SessionKey, from origin: Turn.Origin) async throws -> Turn {
        try await turn(of: key, from: origin, at: .existing) { _ in
            var turn = Turn(
                id: Identifier.make(prefix: Turn.idPrefix), at: Date().ISO8601Format(), messages: messages, model: model,
                finishReason: "stop", usage: .zero, request: origin)
            turn.isGiven = true
            return turn
        }.turn
    }

    /// Visits turns from one on, until `visit` returns false.
    ///
    /// - Parameters:
    ///   - reference: the first turn; nil for that of the session.
    ///   - isForward: true for the later turns, false for the earlier ones.
    /// - Throws: `SessionError`, for example `notFound`, or `unknownTurn` if there is no such turn.
    package func visitTurns(
        of key: SessionKey, from reference: TurnReference?, isForward: Bool, _ visit: @Sendable (Turn) -> Bool
    ) async throws {
        try await withTaskExecutorPreference(reading) {
            try await withExistingSession(key) { file in
                var range: Range<Int>?
                if let reference {
                    range = try file.range(of: reference)
                    guard range != nil else { throw SessionError.unknownTurn(key) }
                }
                guard isForward else {
                    return try file.readTurnsBackwards(from: range.map { $0.upperBound + 1 }) { turn, _ in visit(turn) }
                }
                let decoder = ValueDecoder()
                var position = try range?.lowerBound ?? file.headerLength() + 1
                while position < file.end {
                    let (bytes, next) = try file.lines(from: position)
                    for line in bytes.split(separator: UInt8(ascii: "\n")) where !SessionFile.isSummary(line) {
                        guard let turn = SessionFile.turn(in: line, decoder) else { throw file.unreadableLine }
                        guard visit(turn) else { return }
                    }
                    position = next
                }
            }
        }
    }
}
