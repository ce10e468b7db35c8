public import Chat

/// What a model is asked: everything that it may see of one turn, oldest first.
public struct Prompt: Sendable {
    /// `system` and `developer` messages: the configured one first, then those of this request.
    public var instructions: [Message]
    /// The earlier turns that fit the window, oldest first. Shared with the session's cache, so it is not copied.
    public var history: [PastTurn]
    /// The messages of this turn: it ends in a `user` message or the results of tools.
    public var turn: [Message]
    /// What else the request says and an upstream may know, such as `temperature` or `tools`: names and values as the client wrote them.
    public var parameters: [(name: String, value: JSONValue)]

    /// Makes a prompt.
    public init(
        instructions: [Message] = [], history: [PastTurn] = [], turn: [Message], parameters: [(name: String, value: JSONValue)] = []
    ) {
        self.instructions = instructions
        self.history = history
        self.turn = turn
        self.parameters = parameters
    }

    /// The messages in the order in which a model reads them.
    public var messages: [Message] { instructions + history.flatMap(\.messages) + turn }

    /// The words in all of them.
    public var wordCount: Int { history.reduce(instructions.wordCount + turn.wordCount) { $0 + $1.wordCount } }
}
