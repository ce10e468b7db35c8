package import Chat
package import FoundationEssentials
package import Models

/// The model that answers when no other is configured: small, rule-based, without a network.
///
/// Its answer is a function of the prompt's user messages and the clock. It reads English and Chinese, the first 4,096 bytes of each
/// message (32,768 of a calculation), and answers in at most 4,096 bytes.
/// Usage counts words: whatever stands between white space, and each Han character.
package struct BuiltinModel: ChatModel {
    private let now: @Sendable () -> Date

    /// Makes a model that takes the date and the time from the given clock.
    package init(now: @escaping @Sendable () -> Date = { Date() }) { self.now = now }

    /// Answers at once; throws nothing.
    package func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async -> Completion {
        let answer = Reply(to: prompt, now: now).text
        if let onDelta { for chunk in answer.chunks { onDelta(Delta(content: chunk)) } }
        return completion(answer, of: prompt)
    }

    /// The user's own words for the newest fact about each thing, so that they still count when they come back as the user's.
    package func summarize(_ turns: [PastTurn]) async -> Completion {
        let prompt = Prompt(history: turns, turn: [])
        let statements = FactMemory(messages: prompt.said).statements
        return completion(statements.isEmpty ? "Nothing that I would recall." : statements.joined(by: "\n"), of: prompt)
    }

    private func completion(_ text: String, of prompt: Prompt) -> Completion {
        Completion(content: text, usage: Usage(promptTokens: prompt.wordCount, completionTokens: text.wordCount))
    }
}

extension Prompt {
    /// The user's messages, oldest first.
    var said: [String] {
        var said: [String] = []
        said.reserveCapacity(history.count + 1)
        func add(_ messages: [Message]) {
            // By index: an iterator copies each message with all that it holds, and a history has hundreds.
            for index in messages.indices where messages[index].role == .user { said.append(messages[index].content) }
        }
        for turn in history { add(turn.messages) }
        add(turn)
        return said
    }
}

extension String {
    /// The text word by word, or character by character in Chinese, each with the white space after it.
    fileprivate var chunks: [String] {
        var (chunks, isComplete) = ([] as [String], true)
        for scalar in unicodeScalars {
            let isSpace = scalar.properties.isWhitespace
            if isComplete && !isSpace || chunks.isEmpty { chunks.append("") }
            chunks[chunks.count - 1].unicodeScalars.append(scalar)
            isComplete = isSpace || scalar.isHan
        }
        return chunks
    }
}
