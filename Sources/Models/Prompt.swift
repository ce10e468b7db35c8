package import Chat
package import JSON
import Text

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
    /// The request's members that OpenAI's API does not have. Only some upstreams want them.
    package var otherParameters: [(name: String, value: JSONValue)]
    /// `stream_options.include_usage` of the request; nil if it does not say.
    package var includesUsage: Bool?
    /// Tells conversations apart; empty if that is not known.
    package var conversation: String

    package init(
        instructions: [Message] = [], history: [PastTurn] = [], turn: [Message], parameters: [(name: String, value: JSONValue)] = [],
        otherParameters: [(name: String, value: JSONValue)] = [], includesUsage: Bool? = nil, conversation: String = ""
    ) {
        self.instructions = instructions
        self.history = history
        self.turn = turn
        self.parameters = parameters
        self.otherParameters = otherParameters
        self.includesUsage = includesUsage
        self.conversation = conversation
    }

    /// The messages in the order in which a model reads them.
    ///
    /// Upstreams refuse a conversation in which a tool call has no result, or a result no call. That happens if a client leaves calls
    /// unanswered, or if turns were taken back or imported. A call without a result gets one that says so; a result without a call is
    /// left out.
    package var messages: [Message] {
        var messages = instructions
        var calls = OpenCalls()
        func endCalls() {
            messages += calls.remaining.map { Message(role: .tool, content: "There is no result.", toolCallID: $0) }
            calls = OpenCalls()
        }
        func add(_ message: Message) {
            if message.role == .tool {
                guard let id = message.toolCallID, calls.close(id) else { return }
            } else {
                endCalls()
                calls = OpenCalls(message.toolCalls)
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
