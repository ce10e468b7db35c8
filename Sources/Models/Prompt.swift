package import Chat
package import JSON

/// What a model is asked: everything that it may see of one turn, oldest first.
package struct Prompt: Sendable {
    /// `system` and `developer` messages: the configured one first, then those of this request.
    package var instructions: [Message]
    /// The earlier turns that fit the window, oldest first. Shared with the session's cache, so it is not copied.
    package var history: [PastTurn]
    /// The messages of this turn: it ends in a `user` message or the results of tools.
    package var turn: [Message]
    /// What else the request says and an upstream may know, such as `temperature` or `tools`: names and values as the client wrote them.
    package var parameters: [(name: String, value: JSONValue)]

    /// Makes a prompt.
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
    /// Upstreams refuse a conversation in which a call of a tool has no result, or a result no call. A client may leave calls unanswered,
    /// and turns may have been taken back or imported: a result that says so stands in, and one that belongs to nothing is left out.
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

    /// The words in all of them.
    package var wordCount: Int { history.reduce(instructions.wordCount + turn.wordCount) { $0 + $1.wordCount } }
}
