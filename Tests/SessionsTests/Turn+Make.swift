import Chat
import FoundationEssentials
import Sessions

extension Turn {
    /// The time of all turns in tests: recent, because retries are recognised for a day.
    static let time = Date().ISO8601Format()

    static func make(
        _ question: String = "Hello", answer: String = "Hi", id: String = "turn-1", idempotencyKey: String? = nil
    ) -> Turn {
        Turn(
            id: id, at: time,
            messages: [Message(role: .user, content: question), Message(role: .assistant, content: answer)],
            model: "nanobot", finishReason: "stop", usage: Usage(promptTokens: 1, completionTokens: 1),
            request: .make(idempotencyKey))
    }

    /// A turn with all kinds of content that are not text.
    static func makeWithParts() -> Turn {
        var turn = make()
        turn.messages = [
            Message(
                role: .user, content: "What is this?",
                parts: [
                    .text("What is this?"), .image(url: "data:image/png;base64,iVBORw0=", detail: "low"),
                    .audio(data: "UklGRg==", format: "wav"),
                ]),
            Message(role: .assistant, content: "", toolCalls: [Message.ToolCall(id: "a", name: "look", arguments: "{\n}")]),
            Message(role: .tool, content: "A\nB", toolCallID: "a"), Message(role: .assistant, content: "", refusal: "I will not."),
        ]
        return turn
    }
}

extension Turn.Origin {
    static func make(_ idempotencyKey: String? = nil, body: String = "00", isRetry: Bool = false) -> Self {
        Self(id: "req_1", idempotencyKey: idempotencyKey, bodySHA256: body, isRetry: isRetry)
    }
}
