import Access
import CGI
import Chat
import Concurrency
import JSON
import Server
import Sessions
import Text

/// The items that a client adds to a conversation, checked.
struct ConversationItems {
    let messages: [Message]

    private static let most = 20

    init(_ items: JSONField, _ settings: ChatService.Settings) throws {
        let list = try InputItem.list(items, allowsRemoteImages: settings.allowsRemoteImages)
        guard case .array = items.value, list.count <= Self.most else {
            throw items.refused("must be an array of at most \(Self.most) items")
        }
        for case (.reference, let field) in list { throw field.refused("must be an item of its own") }
        messages = InputItem.messages(list).map(\.message)
        guard !messages.isEmpty else { throw items.refused("must say something: reasoning alone is nothing that a model reads") }
    }
}

/// `GET /v1/conversations/{id}/items`: what was said, the last first.
struct ListConversationItems: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/conversations/{id}/items"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.conversation()
        let page = try ListPage(context.request)
        let after = page.after.flatMap { ItemID($0) }
        guard page.after == nil || after?.address.session == SessionLocator(key) else { throw ListPage.unknownPlace }
        let found = Mutex<[JSONValue]>([])
        // Where the page begins in its first turn.
        let isPassed = Mutex(after == nil)
        do {
            try await service.finding {
                try await service.sessions.visitTurns(of: key, from: after?.address.turn, isForward: page.isForward) { turn in
                    var items = ResponseItems.all(of: turn, in: key)
                    if !page.isForward { items.reverse() }
                    if !isPassed.withLock(\.self) {
                        guard let place = items.firstIndex(where: { $0.member("id")?.string == page.after }) else { return false }
                        items.removeFirst(place + 1)
                        isPassed.withLock { $0 = true }
                    }
                    return found.withLock { found in
                        found += items
                        return found.count <= page.limit
                    }
                }
            }
        } catch let error as SessionError where error.code == .unknownTurn {
            throw ListPage.unknownPlace
        }
        guard isPassed.withLock(\.self) else { throw ListPage.unknownPlace }
        try await writer.send(.json(page.list(found.withLock(\.self))))
    }
}

/// `POST /v1/conversations/{id}/items`: adds items, without asking a model.
struct AddConversationItems: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/conversations/{id}/items"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.conversation()
        let bytes = try context.body()
        let messages = try ConversationItems(try JSONField(requestBody: bytes).required("items"), service.settings).messages
        let origin = try Turn.Origin(context, body: bytes)
        let turn = try await service.finding {
            try await service.sessions.add(messages, model: service.models.standard.id, to: key, from: origin)
        }
        let items = ResponseItems.all(of: turn, in: key)
        try await writer.send(.json(ListPage.list(items, hasMore: false)))
    }
}

/// `GET /v1/conversations/{id}/items/{item}`.
struct ShowConversationItem: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/conversations/{id}/items/{item}"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        try await writer.send(.json(try await service.conversationItem(context).json))
    }
}

/// `DELETE /v1/conversations/{id}/items/{item}`: removes an item, and shows the conversation.
struct DeleteConversationItem: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/conversations/{id}/items/{item}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let item = try await service.conversationItem(context)
        do {
            try await service.sessions.change(item.id.address.turn, of: item.session) { turn in
                if turn?.remove(item.id) == false { turn = nil }
            }
        } catch let error as SessionError where error.code == .unknownTurn {
            throw APIError.noConversationItem
        }
        try await writer.send(.json(try await service.conversation(item.session)))
    }
}

extension ChatService {
    /// The item that a path names.
    fileprivate func conversationItem(
        _ context: RequestContext
    ) async throws -> (session: SessionKey, id: ItemID, json: JSONValue) {
        let key = try context.conversation()
        guard let id = ItemID(context.parameter("item")), id.address.session == SessionLocator(key),
            let turn = try await sessions.turn(id.address.turn, of: key),
            let item = ResponseItems.all(of: turn, in: key).first(where: { $0.member("id")?.string == id.description })
        else { throw APIError.noConversationItem }
        return (key, id, item)
    }
}

extension APIError {
    fileprivate static let noConversationItem = APIError(
        status: 404, code: "not_found", message: "The conversation has no item with this id")
}
