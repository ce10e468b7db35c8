package import Chat
package import FoundationEssentials
package import Models

/// The model that answers when no other is configured: small, rule-based, without a network.
///
/// Its answer is a function of the prompt's user messages and the clock. It reads English and Chinese,
/// the first 4,096 bytes of each message, and answers in at most a few kilobytes.
/// Usage counts words: what white space separates, and each Han character.
package struct BuiltinModel: ChatModel {
    private let now: @Sendable () -> Date

    /// Makes a model that takes the date and the time from the clock given.
    package init(now: @escaping @Sendable () -> Date = { Date() }) {
        self.now = now
    }

    /// Answers at once; throws nothing.
    package func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async -> Completion {
        let answer = Reply(to: Conversation(prompt), now: now).text
        if let onDelta { for piece in answer.pieces { onDelta(Delta(content: String(piece))) } }
        return completion(answer, of: prompt)
    }

    /// The user's own words for the newest fact about each thing, so that they still count when they come back as the user's.
    package func summarize(_ turns: [PastTurn]) async -> Completion {
        let prompt = Prompt(history: turns, turn: [])
        let statements = FactMemory(conversation: Conversation(prompt)).statements
        return completion(statements.isEmpty ? "Nothing that I would recall." : statements.joined(separator: "\n"), of: prompt)
    }

    private func completion(_ text: String, of prompt: Prompt) -> Completion {
        Completion(content: text, usage: Usage(promptTokens: prompt.wordCount, completionTokens: text.wordCount))
    }
}
