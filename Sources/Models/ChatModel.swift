public import Chat

/// What a model answered.
public struct Completion: Sendable, Equatable {
    /// The assistant's text.
    public var content: String
    /// Why it ended: `stop`, `length`, ….
    public var finishReason: String
    /// What it cost.
    public var usage: Usage

    /// Makes a completion.
    public init(content: String, finishReason: String = "stop", usage: Usage) {
        self.content = content
        self.finishReason = finishReason
        self.usage = usage
    }
}

/// Answers a turn. An implementation waits without holding a thread.
public protocol ChatModel: Sendable {
    /// The answer to the prompt's turn.
    func complete(_ prompt: Prompt) async throws -> Completion
}
