/// A turn that is over, as a model sees it.
public struct PastTurn: Sendable, Equatable {
    /// What was said: the user's message first, the assistant's last.
    public let messages: [Message]
    /// The words in it. Counted once, so that a turn costs the same however many came before.
    public let wordCount: Int

    /// Counts the words.
    public init(_ messages: [Message]) {
        self.messages = messages
        wordCount = messages.wordCount
    }
}

extension [Message] {
    /// The words in all of them.
    public var wordCount: Int { reduce(0) { $0 + $1.content.wordCount } }
}
