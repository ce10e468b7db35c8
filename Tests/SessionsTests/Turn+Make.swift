import Chat
import Sessions

extension Turn {
    static func make(
        _ question: String = "Hello", answer: String = "Hi", id: String = "turn-1", idempotencyKey: String? = nil
    ) -> Turn {
        Turn(
            id: id, at: "2026-11-23T09:00:00Z",
            messages: [Message(role: .user, content: question), Message(role: .assistant, content: answer)],
            model: "nanobot", finishReason: "stop", usage: Usage(promptTokens: 1, completionTokens: 1),
            request: .make(idempotencyKey))
    }
}

extension Turn.Origin {
    static func make(_ idempotencyKey: String? = nil, body: String = "00") -> Self {
        Self(id: "req_1", idempotencyKey: idempotencyKey, bodySHA256: body)
    }
}
