import Chat
import FoundationEssentials
import Models
import Sessions

extension ChatRequest {
    /// What a model is asked with it.
    func prompt(history: [PastTurn], systemPrompt: String?) -> Prompt {
        let configured = systemPrompt.map { [Message(role: .system, content: $0)] } ?? []
        return Prompt(instructions: configured + instructions, history: history, turn: turn, parameters: parameters)
    }

    /// Checks that each result of a tool belongs to a call of its own with which the session ends.
    func checkToolResults(after history: [PastTurn]) throws(APIError) {
        guard turn.first?.role == .tool else { return }
        var calls = history.last?.messages.last?.toolCalls.map(\.id) ?? []
        for (index, result) in turn.enumerated() {
            guard let call = calls.firstIndex(where: { $0 == result.toolCallID }) else {
                throw .invalidMessages(
                    "The session's last turn has no tool call of this id that waits for a result",
                    param: "messages[\(turnStart + index)].tool_call_id")
            }
            calls.remove(at: call)
        }
    }

    /// The turn that a model's answer makes of it.
    func turn(_ completion: Completion, id: String, at time: Date, model: String, from origin: Turn.Origin) -> Turn {
        // Some servers say "stop" where they call tools, and clients look for this before they look for calls.
        let callsTools = completion.finishReason == "stop" && !completion.toolCalls.isEmpty
        var turn = Turn(
            id: id, at: time.ISO8601Format(), messages: turn + [completion.message], model: model,
            finishReason: callsTools ? "tool_calls" : completion.finishReason, usage: completion.usage, request: origin)
        turn.logprobs = completion.logprobs
        return turn
    }
}
