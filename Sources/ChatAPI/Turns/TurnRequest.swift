import Chat
import JSON
import Models
import Sessions

/// One turn, as an endpoint asks for it.
struct TurnRequest: Sendable {
    /// The turn's id, which begins with `turn-`. It is made before the turn, since every chunk of a stream carries it.
    var id: String
    var session: SessionKey
    var mode: SessionMode
    var model: ModelCatalog.Entry
    /// `system` and `developer` messages, for this turn only.
    var instructions: [Message]
    /// What the turn adds to the session: a `user` message, or tool results.
    var messages: [Message]
    /// Further parameters for the model.
    var parameters: [(name: String, value: JSONValue)]
    /// What the stored turn records about the request.
    var origin: Turn.Origin

    func prompt(history: [PastTurn]) -> Prompt {
        let configured = model.systemPrompt.map { [Message(role: .system, content: $0)] } ?? []
        return Prompt(
            instructions: configured + instructions, history: history, turn: messages, parameters: parameters,
            conversation: session.description)
    }

    /// Checks that each tool result matches a different tool call of the session's last message.
    func checkToolResults(after history: [PastTurn]) throws(UnmatchedToolResult) {
        guard messages.first?.role == .tool else { return }
        var calls = OpenCalls(history.last?.messages.last?.toolCalls ?? [])
        for (index, result) in messages.enumerated() {
            guard calls.close(result.toolCallID ?? "") else { throw UnmatchedToolResult(index: index) }
        }
    }
}

/// A tool result without a matching call in the session's last turn.
struct UnmatchedToolResult: Error {
    /// The index of the result in the turn's messages.
    var index: Int
}
