import Chat
import JSON
import Models
import Sessions

/// One turn, as an endpoint asks for it.
struct TurnRequest: Sendable {
    /// The id that the turn will have: `turn-` and more. Made before the turn is, since every chunk of a stream has it.
    var id: String
    var session: SessionKey
    var mode: SessionMode
    var model: ModelCatalog.Entry
    /// `system` and `developer` messages, for this turn only.
    var instructions: [Message]
    /// What the turn adds to the session: a `user` message, or the results of tools.
    var messages: [Message]
    /// What else the model may know.
    var parameters: [(name: String, value: JSONValue)]
    /// What the stored turn says of the request.
    var origin: Turn.Origin
    /// True if the client says that it asks again.
    var isRetry: Bool

    /// What the model is asked with it.
    func prompt(history: [PastTurn]) -> Prompt {
        let configured = model.systemPrompt.map { [Message(role: .system, content: $0)] } ?? []
        return Prompt(instructions: configured + instructions, history: history, turn: messages, parameters: parameters)
    }

    /// Checks that each result of a tool belongs to a call of its own with which the session ends.
    func checkToolResults(after history: [PastTurn]) throws(UnmatchedToolResult) {
        guard messages.first?.role == .tool else { return }
        var calls = history.last?.messages.last?.toolCalls.map(\.id) ?? []
        for (index, result) in messages.enumerated() {
            guard let call = calls.firstIndex(where: { $0 == result.toolCallID }) else { throw UnmatchedToolResult(index: index) }
            calls.remove(at: call)
        }
    }
}

/// A result of a tool that the session's last turn did not call.
struct UnmatchedToolResult: Error {
    /// Which of the turn's messages it is.
    var index: Int
}
