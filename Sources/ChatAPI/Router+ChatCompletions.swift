import Chat
import Digest
import FoundationEssentials
import Gateway
import Models
import Sessions

extension Router {
    /// `POST /v1/chat/completions`: one turn of the session that the header names.
    func completeChat(_ request: Request, _ requestID: String) async throws -> Response {
        guard let header = request.header("x-session-key") else { throw APIError.missingSessionKey }
        let key = try SessionKey(header)
        let body: [UInt8]
        switch request.body {
        case .complete(let bytes): body = bytes
        case .tooLarge: throw APIError.requestTooLarge(limit: settings.bodyLimit)
        case .incomplete: throw APIError.invalidJSON
        }
        let chat = try ChatRequest(body)
        guard !chat.stream else { throw APIError.streamUnsupported }
        guard chat.model != nil || !settings.requiresModel else {
            throw APIError.invalidValue("model is required", param: "model")
        }
        let instructions = (settings.systemPrompt.map { [Message(role: .system, content: $0)] } ?? []) + chat.instructions
        let origin = Turn.Origin(
            id: requestID, idempotencyKey: request.header("idempotency-key") ?? request.header("x-message-id"),
            bodySHA256: SHA256.hexadecimal(of: body))

        let turn = try await sessions.turn(of: key) { history in
            let completion = try await answer(Prompt(instructions: instructions, history: history, turn: [chat.question]))
            return Turn(
                id: Identifier.make(prefix: "turn-"), at: now().ISO8601Format(),
                messages: [chat.question, Message(role: .assistant, content: completion.content)],
                model: chat.model ?? settings.modelName, finishReason: completion.finishReason, usage: completion.usage,
                request: origin)
        }
        return Self.ok(Self.completion(turn, created: Int(now().timeIntervalSince1970)))
    }

    /// Asks the model, and once more where it says nothing.
    private func answer(_ prompt: Prompt) async throws -> Completion {
        let completion = try await model.complete(prompt)
        guard completion.content.isEmpty else { return completion }
        var second = try await model.complete(prompt)
        if second.content.isEmpty { second.content = "I've completed processing but have no response to give." }
        return second
    }

    private static func completion(_ turn: Turn, created: Int) -> JSONValue {
        [
            "id": .string(Identifier.make(prefix: "chatcmpl-")), "object": "chat.completion", "created": .integer(created),
            "model": .string(turn.model),
            "choices": [
                [
                    "index": 0,
                    "message": [
                        "role": "assistant", "content": .string(turn.messages.last?.content ?? ""), "refusal": nil, "annotations": [],
                    ],
                    "logprobs": nil, "finish_reason": .string(turn.finishReason),
                ]
            ],
            "usage": turn.usage.json,
        ]
    }
}
