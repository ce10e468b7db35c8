import Access
import CGI
import Chat
import JSON
import Server
import Sessions
import Text

/// Which conversation a response continues.
struct ResponseState {
    var session: SessionKey
    var place: TurnPlace
    var mode: SessionMode
    /// True if everything in the input is new to the conversation. Otherwise the client may repeat what the session has already.
    var inputIsNew: Bool
    /// True if `system` and `developer` messages of the input stay in the conversation, as nobody repeats them.
    var keepsInstructions: Bool
    /// What the response shows of it.
    var settings: [(String, JSONValue)] = []
    /// The response that is continued: its session, and its turn.
    private var previous: (session: SessionKey, turn: TurnReference)?
    private let owner: String
    /// Begins the same unnamed session with each try of a request; nil if tries cannot be told.
    let seed: String?
    private let visitorHasOne: Bool

    /// - Throws: `APIError`, for example `previous_response_not_found`.
    init(_ context: RequestContext, _ request: ResponseRequest, _ service: ChatService, _ origin: Turn.Origin) throws {
        var named = try context.namedSession()
        let isNamed = named != nil
        if let field = request.conversation {
            let id = if case .string = field.value { field } else { try field.required("id") }
            let key = try context.conversation(try id.string(), param: id.path)
            guard named.map({ $0 == key }) ?? true else {
                throw APIError.invalidValue("conversation and x-session-key name two sessions", param: field.path)
            }
            named = key
            settings = [("conversation", ["id": .string(key.conversationID)])]
        }
        if let field = request.previousResponse {
            guard let address = TurnAddress(responseID: try field.string()), let key = try service.sessions.key(at: address.session),
                context.covers(key), named.map({ $0 == key }) ?? true
            else { throw APIError.previousResponseNotFound }
            previous = (key, address.turn)
            named = key
        }
        let owner = context.sessionOwner
        let seed = origin.idempotencyKey.map { "\(owner) \(origin.bodySHA256) \($0)" }
        (self.owner, self.seed, visitorHasOne) = (owner, seed, context.visitor != nil)
        session = named ?? UnnamedSession(owner: owner, seed: seed).key
        let isConversation = named.flatMap(UnnamedSession.init)?.kind == .conversation
        place = previous.map { .after($0.turn) } ?? (named == nil ? .newSession : isConversation ? .existing : .end)
        inputIsNew = !isNamed && named != nil || previous != nil
        keepsInstructions = !isNamed
        mode = try service.mode(of: context.request, default: isNamed && previous == nil ? nil : .normal)
        if mode == .mirror, !isNamed || previous != nil {
            throw APIError.invalidValue(
                "x-session-mode: mirror needs a session of its own, named by x-session-key", param: "x-session-mode")
        }
        if mode == .ephemeral, let field = request.previousResponse ?? request.conversation {
            throw APIError.invalidValue("\(field.path) cannot be had in a turn that sees no history", param: field.path)
        }
        if !request.store, mode != .ephemeral { mode = .readonly }
        if mode == .readonly || mode == .ephemeral, request.store { settings.append(("store", false)) }
        context.record.note(session: session.description)
    }

    /// Where a turn goes that cannot go to its place.
    ///
    /// - Throws: the error, if there is no other place.
    func next(after error: SessionError) throws -> ResponseState {
        var next = self
        switch (place, error.code) {
        case (.after, .notLast):
            guard !visitorHasOne else {
                throw APIError.invalidValue(
                    "previous_response_id must be the last response: a visitor has one conversation", param: "previous_response_id")
            }
            next.branch()
        case (.newSession, .exists), (.branch, .exists): next.session = UnnamedSession(owner: owner).key
        case (.after, .unknownTurn), (.branch, .unknownTurn): throw APIError.previousResponseNotFound
        case (.existing, .notFound): throw APIError.conversationNotFound(param: "conversation")
        default: throw error
        }
        return next
    }

    /// Leaves the session, behind the turn that is continued, unless the caller may have no other.
    mutating func branch() {
        guard case .after(let turn) = place, !visitorHasOne else { return }
        place = .branch(session, turn)
        session = UnnamedSession(owner: owner, seed: seed).key
    }

    /// Whether the conversation has a turn already.
    private func has(_ address: TurnAddress, _ service: ChatService) async throws -> Bool {
        guard address.session == SessionLocator(session) else { return false }
        guard let previous else { return try await service.sessions.turn(address.turn, of: session) != nil }
        return try await service.sessions.has(address.turn, upTo: previous.turn, of: session)
    }

    /// The request's input as messages, with what it refers to.
    func conversation(
        of request: ResponseRequest, _ context: RequestContext, _ service: ChatService
    ) async throws -> ResponseConversation {
        var items: [(item: InputItem, field: JSONField)] = []
        // Most ids are of the items of few turns.
        var turns: [TextKey: Turn] = [:]
        var isThere: [TextKey: Bool] = [:]
        for (item, field) in request.items {
            var item = item
            if case .reference(let id, let field) = item { item = try await service.item(id, field, context, &turns) }
            // Clients that send a response's items back with its id mean the same items.
            if inputIsNew, let address = field.value.member("id")?.string.flatMap({ ItemID($0) })?.address {
                let name = TextKey(address.responseID)
                if isThere[name] == nil { isThere[name] = try await has(address, service) }
                if isThere[name] == true { continue }
            }
            items.append((item, field))
        }
        let conversation = try ResponseConversation(items, request.input, keepsInstructions: keepsInstructions)
        guard request.isStrict || !(conversation.new + conversation.instructions).contains(where: \.mayBeCut) else {
            throw APIError.invalidJSON
        }
        return conversation
    }
}

extension ChatService {
    /// The item that an input refers to.
    ///
    /// - Parameter known: turns that were read for the same request, by the ids of their responses.
    fileprivate func item(
        _ id: ItemID, _ field: JSONField, _ context: RequestContext, _ known: inout [TextKey: Turn]
    ) async throws -> InputItem {
        let name = TextKey(id.address.responseID)
        var turn = known[name]
        if turn == nil, let key = try sessions.key(at: id.address.session), context.covers(key) {
            turn = try await sessions.turn(id.address.turn, of: key)
        }
        guard let turn, let message = turn.message(of: id) else { throw APIError.itemNotFound(field) }
        known[name] = turn
        switch id.kind {
        case .message where message.role == .assistant:
            return .message(Message(role: .assistant, content: message.content, refusal: message.refusal))
        case .message, .result: return .message(message)
        case .reasoning: return .reasoning(message.reasoning ?? "")
        case .call:
            guard message.toolCalls.indices.contains(id.call) else { throw APIError.itemNotFound(field) }
            return .call(message.toolCalls[id.call])
        }
    }
}

extension APIError {
    /// The clients of OpenAI's API look for these words.
    static let previousResponseNotFound = APIError(
        status: 400, code: "previous_response_not_found", message: "Previous response not found", param: "previous_response_id")
}
