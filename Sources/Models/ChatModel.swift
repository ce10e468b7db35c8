/// Answers a turn. An implementation waits without holding a thread.
public protocol ChatModel: Sendable {
    /// The answer to the prompt's turn.
    ///
    /// Cancelling the task ends the work and throws `cancelled`.
    ///
    /// - Parameter onDelta: gets the pieces of the answer as they come; joined, they are what is returned. Nil where nobody looks at it
    ///   before it is whole.
    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion
}

extension ChatModel {
    /// The answer to the prompt's turn, when it is whole.
    public func complete(_ prompt: Prompt) async throws(ModelError) -> Completion {
        try await complete(prompt, onDelta: nil)
    }
}
