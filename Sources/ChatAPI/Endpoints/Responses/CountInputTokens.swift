import Access
import CGI
import Chat
import JSON
import Models
import Server
import Sessions
import Text

/// `POST /v1/responses/input_tokens`: about how many tokens a model would read for a response. Nothing is asked or stored.
struct CountInputTokens: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/responses/input_tokens"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let body = try context.body()
        let request = try ResponseRequest(body, allowsRemoteImages: service.settings.allowsRemoteImages, requiresInput: false)
        let entry = try context.model(request.model, of: service)
        let origin = try Turn.Origin(context, body: body)
        let state = try ResponseState(context, request, service, origin)
        let conversation = request.items.isEmpty ? ResponseConversation() : try await state.conversation(of: request, context, service)
        let turn = ResponseRun(request, conversation, state, entry, origin, context, service).turn(in: state).turn
        let history: [PastTurn]
        do {
            history = try await service.turns.history(of: turn)
        } catch let error as SessionError where error.code == .unknownTurn {
            throw APIError.previousResponseNotFound
        }
        let given = history.isEmpty || turn.keepsEarlier ? [PastTurn(turn.earlier)] : []
        let tokens = turn.prompt(history: history + given, turn: turn.messages).estimatedUsage.promptTokens
        try await writer.send(.json(["object": "response.input_tokens", "input_tokens": .integer(tokens)]))
    }
}
