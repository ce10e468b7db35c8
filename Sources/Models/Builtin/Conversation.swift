import Chat

/// What the built-in model sees of a prompt.
struct Conversation {
    private let history: ArraySlice<[Message]>
    private let turn: [Message]

    init(_ prompt: Prompt) {
        history = prompt.history[...]
        // What follows the message to answer is not the user's.
        turn = prompt.turn.lastIndex { $0.role == .user }.map { Array(prompt.turn[...$0]) } ?? []
    }

    /// The message to answer.
    var message: String { turn.last?.content ?? "" }

    /// The user's messages, oldest first, the one to answer included.
    /// Lazy from both ends: the newest ones cost the same whatever came before.
    var said: some BidirectionalCollection<String> { Self.said([history, [turn]]) }

    /// The user's messages before the one to answer, oldest first.
    var earlier: some BidirectionalCollection<String> { Self.said([history, [Array(turn.dropLast())]]) }

    /// What was answered last.
    var lastAnswer: String? { [history, [turn]].joined().joined().last { $0.role == .assistant }?.content }

    private static func said(_ turns: [ArraySlice<[Message]>]) -> some BidirectionalCollection<String> {
        turns.joined().joined().lazy.filter { $0.role == .user }.map(\.content)
    }
}
