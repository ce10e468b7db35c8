import Chat
import Crypto
import FoundationEssentials
import JSON
import Models
import Server
import Sessions
import Text

/// Makes one response.
struct ResponseRun: Sendable {
    /// Who is told of a response while it is made.
    struct Listener: Sendable {
        /// Called before the model is asked.
        var onBegin: @Sendable (ResponseObject, SessionKey) throws -> Void = { _, _ in }
        /// Called with the answer as it arrives.
        var onDelta: (@Sendable (Delta, ResponseObject) -> Void)?
        /// Adds a header to the response, if that has not begun.
        var addHeader: RequestContext.AddHeader = { _, _ in }
        /// The client that waits for the answer; nil if none does.
        var delivery: Delivery?
    }

    typealias Answer = (turn: Turn, object: ResponseObject)

    let service: ChatService
    let request: ResponseRequest
    let conversation: ResponseConversation
    var state: ResponseState
    let entry: ModelCatalog.Entry
    let payer: Payer
    let origin: Turn.Origin
    let context: RequestContext
    private let turnID = Identifier.make(prefix: Turn.idPrefix)
    private let time: Int

    init(
        _ request: ResponseRequest, _ conversation: ResponseConversation, _ state: ResponseState, _ entry: ModelCatalog.Entry,
        _ origin: Turn.Origin, _ context: RequestContext, _ service: ChatService
    ) {
        (self.request, self.conversation, self.state, self.entry) = (request, conversation, state, entry)
        (self.origin, self.context, self.service, payer) = (origin, context, service, Payer(context, service))
        time = Int(service.now().timeIntervalSince1970)
    }

    /// Runs the turn. If it cannot go to its place, it goes to another one.
    func answer(_ listener: Listener) async throws -> Answer {
        var state = state
        while true {
            let (turn, object) = turn(in: state)
            do {
                return try await answer(turn, object, listener)
            } catch let error as SessionError {
                state = try state.next(after: error)
            } catch let error as UnmatchedToolResult {
                let path = conversation.fields[error.index].path
                throw APIError.invalidValue("\(path).call_id: no call of this id waits for a result", param: "\(path).call_id")
            }
        }
    }

    private func answer(_ request: TurnRequest, _ object: ResponseObject, _ listener: Listener) async throws -> Answer {
        var request = request
        if let delivery = listener.delivery { request.hasClientLeft = { delivery.hasClientLeft } }
        var onText: (@Sendable (Delta) -> Void)?
        if let onDelta = listener.onDelta { onText = { onDelta($0, object) } }
        let (turn, isReplayed) = try await service.turns.run(
            request, onShortened: { listener.addHeader("x-history-left-out", "\($0)") },
            onBegin: { [session = request.session] in
                try listener.onBegin(object, session)
            },
            onDelta: onText)
        context.record.note(model: turn.model, tokens: turn.usage.totalTokens)
        if request.mode.stores {
            listener.delivery?.ifLost { [session = request.session] in service.sessions.noteUndelivered(turn, of: session) }
        }
        guard isReplayed else { return (turn, object) }
        listener.addHeader("idempotency-replayed", "true")
        var stored = ResponseObject(turn, in: request.session)
        stored.sealsReasoning = object.sealsReasoning
        return (turn, stored)
    }

    /// A turn of the request, and the response that it makes.
    func turn(in state: ResponseState) -> (turn: TurnRequest, object: ResponseObject) {
        var instructions = conversation.instructions
        if let text = request.instructions { instructions.insert(Message(role: .system, content: text), at: 0) }
        var turn = TurnRequest(
            id: turnID, session: state.session, mode: state.mode, model: entry,
            instructions: instructions, earlier: conversation.earlier, messages: conversation.new, parameters: request.parameters,
            otherParameters: [], origin: origin)
        (turn.place, turn.keepsEarlier, turn.payer) = (state.place, state.inputIsNew, payer)
        turn.allowsShortening = request.allowsShortening
        var object = ResponseObject(
            address: TurnAddress(turnID: turnID, time: time, in: state.session), model: entry.id,
            settings: .object(request.settings + state.settings))
        object.sealsReasoning = request.sealsReasoning
        turn.response = .object([("created_at", .integer(object.createdAt))] + object.settings)
        return (turn, object)
    }
}
