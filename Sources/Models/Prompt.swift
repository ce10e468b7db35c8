package import Chat
package import JSON

/// Everything that a model sees for one turn.
package struct Prompt: Sendable {
    /// `system` and `developer` messages: the configured one first, then those of this request.
    package var instructions: [Message]
    /// The earlier turns that fit the window, oldest first. The session's cache shares them, so they are not copied.
    package var history: [PastTurn]
    /// The messages of this turn. The last one is a `user` message or a tool's result.
    package var turn: [Message]
    /// The request's other members that an upstream may know, such as `temperature` or `tools`, as the client wrote them.
    package var parameters: [(name: String, value: JSONValue)]

    package init(
        instructions: [Message] = [], history: [PastTurn] = [], turn: [Message], parameters: [(name: String, value: JSONValue)] = []
    ) {
        self.instructions = instructions
        self.history = history
        self.turn = turn
        self.parameters = parameters
    }

    /// The messages in the order in which a model reads them.
    ///
    /// Upstreams refuse a conversation in which a tool call has no result, or a result no call. That happens if a client leaves calls
    /// unanswered, or if turns were taken back or imported. A call without a result gets one that says so; a result without a call is
    /// left out.
    package var messages: [Message] {
        var messages = instructions
        var calls: [String] = []
        func endCalls() {
            messages += calls.map { Message(role: .tool, content: "There is no result.", toolCallID: $0) }
            calls = []
        }
        func add(_ message: Message) {
            if message.role == .tool {
                guard let call = calls.firstIndex(where: { $0 == message.toolCallID }) else { return }
                calls.remove(at: call)
            } else {
                endCalls()
                calls = message.toolCalls.map(\.id)
            }
            messages.append(message)
        }
        for turn in history { turn.messages.forEach(add) }
        turn.forEach(add)
        endCalls()
        return messages
    }

    /// The sum over all messages.
    package var wordCount: Int { history.reduce(instructions.wordCount + turn.wordCount) { $0 + $1.wordCount } }
}
