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

    /// The sum over all messages.
    package var wordCount: Int { history.reduce(instructions.wordCount + turn.wordCount) { $0 + $1.wordCount } }
}
