import Access
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
    let admission = Admission.permitted(.read)

    private static let pageLimits = 1...1000

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        let limit = try context.request.wholeNumber("limit", in: Self.pageLimits) ?? 100
        let before = context.request.query("before").flatMap { $0.isEmpty ? nil : $0 }
        let page = try await service.sessions.page(of: key, messages: limit, before: before)
        let messages = page.turns.flatMap { turn in
            turn.messages.compactMap(\.shown).map { message in
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
}

/// `DELETE /v1/session`: removes a session, so that its key is new.
struct DeleteSession: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/session"
    let admission = Admission.permitted(.write)

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
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, turnsLeft) = try await service.sessions.undo(try context.sessionKey())
        try await writer.send(
            .json([
                "object": "session.turn", "id": .string(turn.id), "at": .string(turn.at),
                "messages": .array(turn.messages.compactMap(\.shown).map { .object($0.jsonMembers()) }), "turns": .integer(turnsLeft),
            ]))
    }
}

/// `POST /v1/session/fork`: copies a session to the key that the body names.
struct ForkSession: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/session/fork"
    let admission = Admission.permitted(.write)

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
        try context.expectCovered(target)
        try await writer.send(.json(.object(try await service.sessions.fork(key, to: target).members)))
    }
}

extension Request {
    /// A parameter of the query string that is a whole number; nil if it was not sent.
    func wholeNumber(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = query(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidValue("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)", param: name)
        }
        return number
    }
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
