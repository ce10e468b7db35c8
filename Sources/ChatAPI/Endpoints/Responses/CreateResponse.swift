import Access
import CGI
import Chat
import Crypto
import FoundationEssentials
import JSON
import Logging
import Models
import Server
import Sessions
import Text

/// `POST /v1/responses`: one turn, of the session that the request names or of a new one.
struct CreateResponse: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/responses"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let body = try context.body()
        let request = try ResponseRequest(body, allowsRemoteImages: service.settings.allowsRemoteImages)
        guard !request.stream || service.settings.streams else { throw APIError.streamUnsupported }
        let entry = try context.model(request.model, of: service)
        if !request.skippedTools.isEmpty {
            context.logger.info("Tools of these types are not offered to the model: \(request.skippedTools.joined(separator: ", "))")
        }
        let origin = try Turn.Origin(context, body: body)
        let state = try ResponseState(context, request, service, origin)
        let conversation = try await state.conversation(of: request, context, service)
        let payer = Payer(context, service)
        let run: @Sendable (@escaping RequestContext.AddHeader, (@Sendable (Delta, ResponseObject) -> Void)?) async throws -> Answer = {
            addHeader, onDelta in
            var state = state
            while true {
                let turn = Self.turn(request, conversation, state, entry, payer, origin, context)
                var object = ResponseObject(
                    address: TurnAddress(turnID: turn.id, time: Int(service.now().timeIntervalSince1970), in: turn.session),
                    model: entry.id, settings: .object(request.settings + state.settings))
                object.sealsReasoning = request.sealsReasoning
                do {
                    return try await answer(turn, object, context, addHeader, onDelta)
                } catch let error as SessionError {
                    state = try state.next(after: error)
                } catch let error as UnmatchedToolResult {
                    let field = conversation.fields[error.index]
                    throw APIError.invalidValue(
                        "\(field.path).call_id: no call of this id waits for a result", param: "\(field.path).call_id")
                }
            }
        }
        guard request.stream else {
            return try await context.answer(writer, service.settings) { addHeader in
                let (turn, object) = try await run(addHeader, nil)
                return object.json(turn)
            }
        }
        let stream = ResponseStream()
        try await context.answer(
            writer, service.settings, lateError: { stream.end($0) },
            events: { buffer in
                let (turn, object) = try await run(buffer.addHeader) { buffer.send(stream.events($0, of: $1)) }
                return stream.end(turn, of: object)
            })
    }

    private typealias Answer = (turn: Turn, object: ResponseObject)

    private func answer(
        _ request: TurnRequest, _ object: ResponseObject, _ context: RequestContext, _ addHeader: @escaping RequestContext.AddHeader,
        _ onDelta: (@Sendable (Delta, ResponseObject) -> Void)?
    ) async throws -> Answer {
        var request = request
        request.response = .object([("created_at", .integer(object.createdAt))] + object.settings)
        var onText: (@Sendable (Delta) -> Void)?
        if let onDelta { onText = { onDelta($0, object) } }
        let result = try await service.turns.run(
            request, onShortened: { addHeader("x-history-left-out", "\($0)") }, onDelta: onText)
        let turn = result.turn
        context.record.note(model: turn.model, tokens: turn.usage.totalTokens)
        if request.mode.stores {
            context.delivery.ifLost { [session = request.session] in service.sessions.noteUndelivered(turn, of: session) }
        }
        guard result.isReplayed else { return (turn, object) }
        addHeader("idempotency-replayed", "true")
        var stored = ResponseObject(turn, in: request.session)
        stored.sealsReasoning = object.sealsReasoning
        return (turn, stored)
    }

    static func turn(
        _ request: ResponseRequest, _ conversation: ResponseConversation, _ state: ResponseState, _ entry: ModelCatalog.Entry,
        _ payer: Payer, _ origin: Turn.Origin, _ context: RequestContext
    ) -> TurnRequest {
        var instructions = conversation.instructions
        if let text = request.instructions { instructions.insert(Message(role: .system, content: text), at: 0) }
        var turn = TurnRequest(
            id: Identifier.make(prefix: Turn.idPrefix), session: state.session, mode: state.mode, model: entry,
            instructions: instructions, earlier: conversation.earlier, messages: conversation.new, parameters: request.parameters,
            otherParameters: [], origin: origin, hasClientLeft: { context.delivery.hasClientLeft })
        (turn.place, turn.keepsEarlier, turn.payer) = (state.place, state.inputIsNew, payer)
        turn.allowsShortening = request.allowsShortening
        return turn
    }
}
