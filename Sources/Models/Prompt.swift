public import Chat

/// What a model is asked: everything that it may see of one turn, oldest first.
public struct Prompt: Sendable {
    /// `system` and `developer` messages: the configured one first, then those of this request.
    public var instructions: [Message]
    /// The earlier turns that fit the window, oldest first. Shared with the session's cache, so it is not copied.
    public var history: [PastTurn]
    /// The messages of this turn: it ends in a `user` message.
    public var turn: [Message]

    /// Makes a prompt.
    public init(instructions: [Message] = [], history: [PastTurn] = [], turn: [Message]) {
        self.instructions = instructions
        self.history = history
        self.turn = turn
    }

    /// The messages in the order in which a model reads them.
    public var messages: [Message] { instructions + history.flatMap(\.messages) + turn }
}
