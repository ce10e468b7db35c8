import Access
import CGI
import Chat
import Crypto
import FoundationEssentials
import JSON
import Models
import Server
import Sessions
import Text

/// `POST /v1/chat/completions`: one turn of the session that the header names.
struct ChatCompletions: Endpoint {
    let service: ChatService
    let method = "POST"
    let path = "/v1/chat/completions"
    let admission = Admission.permitted(.chat)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        let body = try context.body()
        let chat = try ChatRequest(body, allowsRemoteImages: service.settings.allowsRemoteImages)
        guard !chat.stream || service.settings.streams else { throw APIError.streamUnsupported }
        let entry = try context.model(chat.model, of: service)
        var request = TurnRequest(
            id: Identifier.make(prefix: Turn.idPrefix), session: key, mode: try service.mode(of: context.request), model: entry,
            instructions: chat.conversation.instructions, earlier: chat.conversation.earlier, messages: chat.conversation.new,
            parameters: chat.parameters, otherParameters: chat.otherParameters, includesUsage: chat.includesUsage,
            payer: Payer(context, service), origin: try Turn.Origin(context, body: body), hasClientLeft: { context.delivery.hasClientLeft })
        var completionID = Turn.completionID(request.id)
        if let metadata = chat.storedMetadata, request.mode.stores {
            let address = TurnAddress(turnID: request.id, time: Int(service.now().timeIntervalSince1970), in: key)
            completionID = address.completionID
            request.completion = ["created_at": .integer(address.turn.time), "metadata": metadata]
        }
        let run: RunTurn = { [request] addHeader, onDelta in
            do {
                let result = try await service.turns.run(
                    request, onShortened: { addHeader("x-history-left-out", "\($0)") }, onDelta: onDelta)
                if result.isReplayed { addHeader("idempotency-replayed", "true") }
                if request.mode.stores {
                    context.delivery.ifLost { service.sessions.noteUndelivered(result.turn, of: key) }
                }
                context.record.note(model: result.turn.model, tokens: result.turn.usage.totalTokens)
                return result.turn
            } catch let error as UnmatchedToolResult {
                throw APIError.invalidMessages(
                    "Neither the session's last turn nor the request has a tool call of this id that waits for a result",
                    param: "messages[\(chat.conversation.places[error.index])].tool_call_id")
            }
        }
        if chat.stream {
            let stream = CompletionStream(
                id: completionID, created: service.now(), model: entry.id, includesUsage: chat.includesUsage ?? false)
            try await context.answer(
                writer, service.settings, lateError: { CompletionStream.end($0) },
                events: { buffer in stream.end(try await run(buffer.addHeader) { buffer.send(stream.frames($0)) }, in: key) })
        } else {
            try await context.answer(writer, service.settings) { try await run($0, nil).chatCompletion(in: key) }
        }
    }

    /// Makes a turn. Headers have to be added before the response begins.
    private typealias RunTurn =
        @Sendable (_ addHeader: @escaping RequestContext.AddHeader, _ onDelta: (@Sendable (Delta) -> Void)?) async throws -> Turn
}
