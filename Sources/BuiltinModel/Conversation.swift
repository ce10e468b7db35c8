import Chat
import Models

/// What the built-in model sees of a prompt.
struct Conversation {
    private let history: [PastTurn]
    private let turn: [Message]

    init(_ prompt: Prompt) {
        history = prompt.history
        endsInToolResult = prompt.turn.last?.role == .tool
        // What follows the message to answer is not the user's.
        turn = prompt.turn.lastIndex { $0.role == .user }.map { Array(prompt.turn[...$0]) } ?? []
    }

    /// The message to answer.
    var message: String { turn.last?.content ?? "" }

    /// Whether there is more to the message than text.
    var hasMedia: Bool { turn.last?.parts.hasMoreThanText ?? false }

    /// Whether there is no message to answer but what a tool gave.
    let endsInToolResult: Bool

    /// The user's messages, oldest first, the one to answer included.
    /// Lazy from both ends: the newest ones cost the same whatever came before.
    var said: some BidirectionalCollection<String> { said(in: turn) }

    /// The user's messages before the one to answer, oldest first.
    var earlier: some BidirectionalCollection<String> { said(in: turn.dropLast()) }

    /// What was answered last.
    var lastAnswer: String? { messages(turn[...]).last { $0.role == .assistant }?.content }

    private func said(in turn: [Message]) -> some BidirectionalCollection<String> {
        messages(turn[...]).lazy.filter { $0.role == .user }.map(\.content)
    }

    private func messages(_ turn: ArraySlice<Message>) -> some BidirectionalCollection<Message> {
        [history[...], [PastTurn(Array(turn))]].joined().lazy.map(\.messages).joined()
    }
}
