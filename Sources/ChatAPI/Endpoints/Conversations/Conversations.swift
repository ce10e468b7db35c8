import Access
import CGI
import FoundationEssentials
import JSON
import Server
import Sessions
import Text

/// `POST /v1/conversations`: begins a conversation.
struct CreateConversation: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/conversations"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let bytes = try context.body()
        let body = try bytes.isEmpty ? JSONField([:]) : JSONField(requestBody: bytes)
        let metadata = try body.member("metadata").map { try $0.metadata() }
        let messages = try body.member("items").map { items in
            items.value == [] ? [] : try ConversationItems(items, service.settings).messages
        }
        let origin = try Turn.Origin(context, body: bytes)
        let seed = origin.idempotencyKey.map { "\(context.sessionOwner) \(origin.bodySHA256) \($0)" }
        let key = UnnamedSession(.conversation, owner: context.sessionOwner, seed: seed).key
        try context.expectCovered(key)
        context.record.note(session: key.description)
        do {
            try await service.sessions.create(key)
        } catch let error as SessionError where error.code == .exists && seed != nil {
            // Another try of the request, after which there may have been other metadata.
        }
        if let metadata, try service.sessions.metadata(of: key) == [:] { try await service.sessions.note(metadata, of: key) }
        if let messages, !messages.isEmpty {
            _ = try await service.sessions.add(messages, model: service.models.standard.id, to: key, from: origin)
        }
        try await writer.send(.json(try await service.conversation(key)))
    }
}

/// `GET /v1/conversations/{id}`.
struct ShowConversation: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/conversations/{id}"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        try await writer.send(.json(try await service.conversation(try context.conversation())))
    }
}

/// `POST /v1/conversations/{id}`: notes other metadata.
struct UpdateConversation: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/conversations/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.conversation()
        let metadata = try JSONField(requestBody: try context.body()).required("metadata").metadata()
        try await service.finding { try await service.sessions.note(metadata, of: key) }
        try await writer.send(.json(try await service.conversation(key)))
    }
}

/// `DELETE /v1/conversations/{id}`: removes a conversation, and so its session.
struct DeleteConversation: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/conversations/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.conversation()
        try await service.finding { try await service.sessions.delete(key) }
        try await writer.send(
            .json(["id": .string(key.conversationID), "object": "conversation.deleted", "deleted": true]))
    }
}

extension RequestContext {
    /// The session of the conversation that the path names.
    func conversation() throws(APIError) -> SessionKey {
        let key = try conversation(parameter("id"))
        record.note(session: key.description)
        return key
    }
}

extension ChatService {
    /// Runs `body`; a session that does not exist is a conversation that was not found.
    func finding<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as SessionError where error.code == .notFound {
            throw APIError.conversationNotFound()
        }
    }

    /// A conversation as the API shows it.
    func conversation(_ key: SessionKey) async throws -> JSONValue {
        let createdAt = try await finding { try await sessions.creation(of: key) }
        let created = (try? Date(createdAt, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0
        return [
            "id": .string(key.conversationID), "object": "conversation", "created_at": .integer(created),
            "metadata": try sessions.metadata(of: key),
        ]
    }
}
