import CGI
import Chat
import JSON
import Server
import Sessions
import Text

/// `GET /v1/session`: a session and a page of its messages, the newest page first.
struct ShowSession: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/session"

    private static let pageLimits = 1...1000

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        let limit = try Self.pageLimit(context.request)
        let before = context.request.query("before").flatMap { $0.isEmpty ? nil : $0 }
        let page = try await service.sessions.page(of: key, messages: limit, before: before)
        let messages = page.turns.flatMap { turn in
            turn.messages.map { message in
                let said = message.jsonMembers().filter { member in !["turn", "at"].contains { $0 == member.0 } }
                return JSONValue.object(said + [("turn", .string(turn.id)), ("at", .string(turn.at))])
            }
        }
        let paging: [(String, JSONValue)] = [
            ("messages", .array(messages)), ("has_more", .bool(page.hasMore)),
            ("before", .optional(page.hasMore ? page.turns.first?.id : nil)),
        ]
        try await writer.send(.json(.object(page.summary.members + paging)))
    }

    private static func pageLimit(_ request: Request) throws(APIError) -> Int {
        guard let text = request.query("limit") else { return 100 }
        guard let limit = Int(text), pageLimits.contains(limit) else {
            let message = "limit must be a whole number from \(pageLimits.lowerBound) to \(pageLimits.upperBound)"
            throw .invalidValue(message, param: "limit")
        }
        return limit
    }
}

/// `DELETE /v1/session`: removes a session, so that its key is new.
struct DeleteSession: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/session"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        try await service.sessions.delete(key)
        try await writer.send(.json(["object": "session.deleted", "key": .string(key.description), "deleted": true]))
    }
}

/// `POST /v1/session/undo`: takes the last turn back. A body is ignored.
struct UndoTurn: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/session/undo"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, turnsLeft) = try await service.sessions.undo(try context.sessionKey())
        try await writer.send(
            .json([
                "object": "session.turn", "id": .string(turn.id), "at": .string(turn.at),
                "messages": .array(turn.messages.map { .object($0.jsonMembers()) }), "turns": .integer(turnsLeft),
            ]))
    }
}

/// `POST /v1/session/fork`: copies a session to the key that the body names.
struct ForkSession: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/session/fork"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        let name = try JSONField(requestBody: try context.body()).required("to").string()
        let target: SessionKey
        do throws(SessionError) {
            target = try SessionKey(name)
        } catch {
            var apiError = APIError(error)
            apiError.param = "to"
            throw apiError
        }
        try await writer.send(.json(.object(try await service.sessions.fork(key, to: target).members)))
    }
}

/// `GET /v1/sessions`: always refused. It needs API keys, and there are none yet.
struct ListSessions: Endpoint {
    let method = "GET"
    let path = "/v1/sessions"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws { throw APIError.sessionsNotListed }
}

extension SessionSummary {
    /// The members of the API's `session` object.
    fileprivate var members: [(String, JSONValue)] {
        [
            ("object", "session"), ("key", .string(key.description)), ("created_at", .string(createdAt)),
            ("updated_at", .optional(updatedAt)), ("turns", .integer(turnCount)), ("usage", usage.json),
        ]
    }
}
