import Access
import CGI
import JSON
import Server
import Sessions
import Text

/// `GET /v1/responses/{id}`: a stored response.
struct ShowResponse: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/responses/{id}"
    let admission = Admission.permitted(.read)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (turn, session, _) = try await service.storedResponse(context)
        guard context.request.query("stream") != "true" else {
            throw APIError.unsupported("Only a response in the background can be streamed again", param: "stream")
        }
        try await writer.send(.json(ResponseObject(turn, in: session).json(turn)))
    }
}

/// `DELETE /v1/responses/{id}`: removes a response, and so its turn.
struct DeleteResponse: Endpoint {
    let service: ChatService
    let method = "DELETE"
    let path = "/v1/responses/{id}"
    let admission = Admission.permitted(.write)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let (_, session, address) = try await service.storedResponse(context)
        do {
            try await service.sessions.remove(address.turn, of: session)
        } catch let error as SessionError where error.code == .unknownTurn {
            throw APIError.responseNotFound
        }
        try await writer.send(.json(["id": .string(address.responseID), "object": "response", "deleted": true]))
    }
}

/// `POST /v1/responses/{id}/cancel`: none runs in the background.
struct CancelResponse: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/responses/{id}/cancel"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        _ = try await service.storedResponse(context)
        throw APIError(
            status: 400, code: "unsupported_value", message: "Only a response in the background can be cancelled: this one has ended")
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
    /// The stored response that a path names.
    ///
    /// - Throws: `APIError` if there is none, or none that the caller may see: these look the same.
    func storedResponse(_ context: RequestContext) async throws -> (turn: Turn, session: SessionKey, address: TurnAddress) {
        guard let address = TurnAddress(responseID: context.parameter("id")), let (turn, session) = try await turn(at: address, context),
            turn.response != nil
        else { throw APIError.responseNotFound }
        return (turn, session, address)
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
