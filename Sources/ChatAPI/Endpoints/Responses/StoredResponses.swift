import Access
import CGI
import JSON
import Server
import Sessions
import Text

/// `GET /v1/responses/{id}`: a stored response, or one in the background, whose events can be had again.
struct ShowResponse: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/responses/{id}"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let after = try context.request.wholeNumber("starting_after", in: 0...Int.max)
        let (stored, background, _) = try await service.findResponse(context)
        guard context.request.query("stream") != "true" else {
            guard let background else {
                throw APIError.unsupported("Only a response in the background can be streamed again, for a day", param: "stream")
            }
            return try await background.stream(to: writer, context, after: after)
        }
        try await writer.send(.json(try stored.map { $0.turn.response(in: $0.session) } ?? background?.json() ?? .null))
    }
}

/// `DELETE /v1/responses/{id}`: removes a response, and so its turn. One in the background is cancelled before.
struct DeleteResponse: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/responses/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        var (stored, background, address) = try await service.findResponse(context)
        if let background, stored == nil {
            try await background.cancel()
            (stored, _, address) = try await service.findResponse(context)
        }
        if let stored {
            do {
                try await service.sessions.remove(address.turn, of: stored.session)
            } catch let error as SessionError where error.code == .unknownTurn {
                throw APIError.responseNotFound
            }
        }
        background?.remove()
        try await writer.send(.json(["id": .string(address.responseID), "object": "response", "deleted": true]))
    }
}

/// `POST /v1/responses/{id}/cancel`: stops a response in the background. One that has ended stays as it is.
struct CancelResponse: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/responses/{id}/cancel"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (stored, background, _) = try await service.findResponse(context)
        guard background != nil || stored?.turn.response?.member("background") == true else {
            throw APIError(
                status: 400, code: "unsupported_value", message: "Only a response in the background can be cancelled")
        }
        try await background?.cancel()
        let (ended, file, _) = try await service.findResponse(context)
        try await writer.send(.json(try ended.map { $0.turn.response(in: $0.session) } ?? file?.json() ?? .null))
    }
}

/// `GET /v1/responses/{id}/input_items`: what a response answers.
struct ListInputItems: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/responses/{id}/input_items"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, session, address) = try await service.storedResponse(context)
        let past = try await service.sessions.given(with: turn, address.turn, of: session)
        let items =
            (past.map { ResponseItems(address: TurnAddress($0, in: session)).input(of: $0) } ?? [])
            + ResponseItems(address: address).input(of: turn)
        try await writer.send(.json(try ListPage(context.request).list(of: items)))
    }
}

extension ChatService {
    /// A turn that the Responses API made.
    typealias StoredResponse = (turn: Turn, session: SessionKey)

    /// The response that a path names: what is stored of it, and what its file says if it is in the background; at least one is there.
    ///
    /// - Throws: `APIError` if there is none, or none that the caller may see: these look the same.
    fileprivate func findResponse(
        _ context: RequestContext
    ) async throws -> (stored: StoredResponse?, background: BackgroundResponse?, address: TurnAddress) {
        guard let address = TurnAddress(responseID: context.parameter("id")) else { throw APIError.responseNotFound }
        let background = try BackgroundResponse(address, self, context)
        if let stored = try await response(at: address, context) { return (stored, background, address) }
        guard let background else { throw APIError.responseNotFound }
        guard let place = try background.storedAddress() else { return (nil, background, address) }
        // It was stored meanwhile, or at another place than it was to go to, or it was removed since.
        if let stored = try await response(at: place, context) { return (stored, background, place) }
        background.remove()
        throw APIError.responseNotFound
    }

    private func response(at address: TurnAddress, _ context: RequestContext) async throws -> StoredResponse? {
        guard let found = try await turn(at: address, context), found.turn.response != nil else { return nil }
        return found
    }

    /// The stored response that a path names.
    func storedResponse(_ context: RequestContext) async throws -> (turn: Turn, session: SessionKey, address: TurnAddress) {
        let (stored, _, address) = try await findResponse(context)
        guard let stored else { throw APIError.responseNotFound }
        return (stored.turn, stored.session, address)
    }

    /// The turn at an address; nil if there is none, or none that the caller may see.
    func turn(at address: TurnAddress, _ context: RequestContext) async throws -> (turn: Turn, session: SessionKey)? {
        guard let session = try sessions.key(at: address.session), context.covers(session),
            let turn = try await sessions.turn(address.turn, of: session), TurnAddress(turn, in: session) == address
        else { return nil }
        context.record.note(session: session.description)
        return (turn, session)
    }
}

extension APIError {
    static let responseNotFound = APIError(status: 404, code: "not_found", message: "No response with this id was found")
}
