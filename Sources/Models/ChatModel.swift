package import Chat

/// Answers a turn. An implementation waits without holding a thread.
package protocol ChatModel: Sendable {
    /// The answer to the prompt's turn.
    ///
    /// Cancelling the task ends the work and throws `cancelled`.
    ///
    /// - Parameter onDelta: gets the pieces of the answer as they come; joined, they are what is returned. Nil where nobody looks at it
    ///   before it is whole.
    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion

    /// A short text that says what later turns may need of these, which are oldest first. The content may be empty.
    func summarize(_ turns: [PastTurn]) async throws(ModelError) -> Completion
}

extension ChatModel {
    /// The answer to the prompt's turn, when it is whole.
    package func complete(_ prompt: Prompt) async throws(ModelError) -> Completion {
        try await complete(prompt, onDelta: nil)
    }

    /// Asks as a user would, with all that was said in one message: a conversation as such would be gone on with, and some servers take
    /// no calls of tools in it without the tools.
    package func summarize(_ turns: [PastTurn]) async throws(ModelError) -> Completion {
        let transcript = turns.flatMap(\.messages).map(\.transcript).joined(separator: "\n\n")
        let request = """
            Summarize the conversation below between a user and an assistant, so that the assistant can go on with it and has only your \
            summary. Keep what the user said of themselves, names, numbers, decisions, promises and open questions; keep all that an \
            earlier summary in it says and that still holds. Write in the language of the conversation, at most 300 words, and nothing \
            but the summary.

            \(transcript)
            """
        return try await complete(Prompt(turn: [Message(role: .user, content: request)]))
    }
}

extension Message {
    /// What was said, as a paragraph.
    fileprivate var transcript: String {
        let media = parts.map { part in
            switch part {
            case .text: ""
            case .image: " [picture]"
            case .audio: " [recording]"
            }
        }
        let calls = toolCalls.map { " [calls \($0.name) with \($0.arguments)]" }
        return "\(role.rawValue): " + content + media.joined() + (refusal ?? "") + calls.joined()
    }
}
