import Access
import CGI
import Chat
import Concurrency
import JSON
import Server
import Sessions
import Text

/// `GET /v1/chat/completions`: the completions of a session that their requests wanted stored, oldest first.
struct ListCompletions: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/chat/completions"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        let page = try ListPage(context.request, isForward: true)
        let model = context.request.query("model")
        let metadata = context.request.queries.compactMap { name, value -> (String, String)? in
            guard name.hasPrefix("metadata["), name.utf8.last == UInt8(ascii: "]") else { return nil }
            return (String(name.dropFirst("metadata[".utf8.count).dropLast()), value)
        }
        let after = try page.after.map { id throws(APIError) in
            guard let address = TurnAddress(completionID: id), address.session == SessionLocator(key) else { throw ListPage.unknownPlace }
            return address.turn
        }
        let found = Mutex<[JSONValue]>([])
        let isPassed = Mutex(after == nil)
        do {
            try await service.sessions.visitTurns(of: key, from: after, isForward: page.isForward) { turn in
                let wasPassed = isPassed.withLock { isPassed in
                    defer { isPassed = true }
                    return isPassed
                }
                guard wasPassed, let noted = turn.completion?.member("metadata"), model.map({ $0 == turn.model }) ?? true,
                    metadata.allSatisfy({ name, value in noted.member(name)?.string.map { $0 == value } ?? false })
                else { return true }
                return found.withLock { found in
                    found.append(turn.storedCompletion(in: key))
                    return found.count <= page.limit
                }
            }
        } catch let error as SessionError where error.code == .notFound {
            // Nothing was stored.
        } catch let error as SessionError where error.code == .unknownTurn {
            throw ListPage.unknownPlace
        }
        try await writer.send(.json(page.list(found.withLock(\.self))))
    }
}

/// `GET /v1/chat/completions/{id}`: a stored completion.
struct ShowCompletion: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/chat/completions/{id}"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, session, _) = try await service.storedCompletion(context)
        try await writer.send(.json(turn.storedCompletion(in: session)))
    }
}

/// `POST /v1/chat/completions/{id}`: notes other metadata of a stored completion.
struct UpdateCompletion: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/chat/completions/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let metadata = try JSONField(requestBody: try context.body()).required("metadata").metadata()
        var (turn, session, address) = try await service.storedCompletion(context)
        turn.note(metadata)
        try await service.findingCompletion {
            try await service.sessions.change(address.turn, of: session) { $0?.note(metadata) }
        }
        try await writer.send(.json(turn.storedCompletion(in: session)))
    }
}

/// `DELETE /v1/chat/completions/{id}`: removes a stored completion, and so its turn.
struct DeleteCompletion: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/chat/completions/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (_, session, address) = try await service.storedCompletion(context)
        try await service.findingCompletion { try await service.sessions.remove(address.turn, of: session) }
        try await writer.send(
            .json(["object": "chat.completion.deleted", "id": .string(address.completionID), "deleted": true]))
    }
}

/// `GET /v1/chat/completions/{id}/messages`: what a stored completion answers, oldest first.
struct ListCompletionMessages: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/chat/completions/{id}/messages"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, session, address) = try await service.storedCompletion(context)
        let given = try await service.sessions.given(with: turn, address.turn, of: session)?.messages ?? []
        let messages = (given + turn.messages.dropLast()).enumerated().map { index, message -> JSONValue in
            var message = message
            let parts = message.parts
            message.parts = []
            return .object(
                [("id", .string("\(address.completionID)-\(index)"))] + message.jsonMembers()
                    + [("content_parts", parts.isEmpty ? .null : .array(parts.map(\.json)))])
        }
        try await writer.send(.json(try ListPage(context.request, isForward: true).list(of: messages)))
    }
}

extension ChatService {
    /// The stored completion that a path names.
    ///
    /// - Throws: `APIError` if there is none, or none that the caller may see: these look the same.
    fileprivate func storedCompletion(_ context: RequestContext) async throws -> (turn: Turn, session: SessionKey, address: TurnAddress) {
        guard let address = TurnAddress(completionID: context.parameter("id")), let (turn, session) = try await turn(at: address, context),
            turn.completion != nil
        else { throw APIError.completionNotFound }
        return (turn, session, address)
    }

    /// Runs `body`; a turn that is gone is a completion that was not found.
    fileprivate func findingCompletion(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as SessionError where error.code == .unknownTurn {
            throw APIError.completionNotFound
        }
    }
}

extension Turn {
    /// The turn as a chat completion with what the client noted of it.
    fileprivate func storedCompletion(in session: SessionKey) -> JSONValue {
        guard case .object(let members) = chatCompletion(in: session) else { return .null }
        return .object(members + [("metadata", completion?.member("metadata") ?? [:])])
    }

    fileprivate mutating func note(_ metadata: JSONValue) {
        completion = ["created_at": completion?.member("created_at") ?? .integer(created), "metadata": metadata]
    }
}

extension APIError {
    fileprivate static let completionNotFound = APIError(
        status: 404, code: "not_found", message: "No stored chat completion with this id was found")
}
