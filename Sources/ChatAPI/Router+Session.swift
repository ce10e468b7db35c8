import CGI
import Chat
import JSON
import Sessions

extension Router {
    /// `GET /v1/session`: what there is to say of a session, and a page of its messages, the newest page first.
    func showSession(_ request: Request) async throws -> Response {
        let key = try request.sessionKey()
        let limit = try Self.pageLimit(request)
        let before = request.query("before").flatMap { $0.isEmpty ? nil : $0 }
        let page = try await sessions.page(of: key, messages: limit, before: before)
        let messages = page.turns.flatMap { turn in
            turn.messages.map { JSONValue.object($0.jsonMembers + [("turn", .string(turn.id)), ("at", .string(turn.at))]) }
        }
        return Self.json(
            .object(
                Self.members(page.summary) + [
                    ("messages", .array(messages)), ("has_more", .bool(page.hasMore)),
                    ("before", .optional(page.hasMore ? page.turns.first?.id : nil)),
                ]))
    }

    /// `DELETE /v1/session`: after this the key is new.
    func deleteSession(_ request: Request) async throws -> Response {
        let key = try request.sessionKey()
        try await sessions.delete(key)
        return Self.json(["object": "session.deleted", "key": .string(key.description), "deleted": true])
    }

    /// `POST /v1/session/undo`: takes the last turn back. A body says nothing.
    func undoTurn(_ request: Request) async throws -> Response {
        let (turn, turnsLeft) = try await sessions.undo(try request.sessionKey())
        return Self.json([
            "object": "session.turn", "id": .string(turn.id), "at": .string(turn.at), "messages": .array(turn.messages.map(\.json)),
            "turns": .integer(turnsLeft),
        ])
    }

    /// `POST /v1/session/fork`: copies a session to the key that the body names.
    func forkSession(_ request: Request) async throws -> Response {
        let key = try request.sessionKey()
        let name = try RequestField(body: try request.completeBody(limit: settings.bodyLimit)).required("to").string()
        let target: SessionKey
        do throws(SessionError) {
            target = try SessionKey(name)
        } catch {
            var apiError = APIError(error)
            apiError.param = "to"
            throw apiError
        }
        return Self.json(.object(Self.members(try await sessions.fork(key, to: target))))
    }

    private static func members(_ summary: SessionSummary) -> [(String, JSONValue)] {
        [
            ("object", "session"), ("key", .string(summary.key.description)), ("created_at", .string(summary.createdAt)),
            ("updated_at", .optional(summary.updatedAt)), ("turns", .integer(summary.turnCount)), ("usage", summary.usage.json),
        ]
    }

    private static let pageLimits = 1...1000

    private static func pageLimit(_ request: Request) throws(APIError) -> Int {
        guard let text = request.query("limit") else { return 100 }
        guard let limit = Int(text), pageLimits.contains(limit) else {
            let message = "limit must be a whole number from \(pageLimits.lowerBound) to \(pageLimits.upperBound)"
            throw .invalidValue(message, param: "limit")
        }
        return limit
    }
}
