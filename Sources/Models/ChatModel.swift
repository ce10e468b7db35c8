package import Chat

/// Answers turns. Implementations wait without holding a thread.
package protocol ChatModel: Sendable {
    /// The answer to the prompt's turn.
    ///
    /// Cancelling the task ends the work and throws `cancelled`.
    ///
    /// - Parameter onDelta: gets the answer in chunks as they arrive; together they are the returned completion. Nil if nobody needs them
    ///   before the answer is complete.
    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion

    /// A short text with everything in these turns that later ones may need. The turns are oldest first. The content may be empty.
    func summarize(_ turns: [PastTurn]) async throws(ModelError) -> Completion

    /// Fails if the model could not answer now. It takes no completion to know that.
    func checkReachable() async throws(ModelError)
}

extension ChatModel {
    /// For a model of this process.
    package func checkReachable() async throws(ModelError) {}

    /// The complete answer to the prompt's turn.
    package func complete(_ prompt: Prompt) async throws(ModelError) -> Completion {
        try await complete(prompt, onDelta: nil)
    }

    /// Asks as a user would, with the conversation quoted in one message. A model would continue a real conversation, and some servers
    /// refuse tool calls in it if no tools are offered.
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
    /// The message as a paragraph.
    fileprivate var transcript: String {
        let media = parts.map { part in
            switch part {
            case .text: ""
            case .image: " [picture]"
            case .audio: " [recording]"
            case .file(_, let name): " [file \(name ?? "")]"
            }
        }
        let calls = toolCalls.map { " [calls \($0.name) with \($0.arguments)]" }
        return "\(role.rawValue): " + content + media.joined() + (refusal ?? "") + calls.joined()
    }
}
