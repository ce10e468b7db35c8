/// A turn that is over, as a model sees it.
package struct PastTurn: Sendable, Equatable {
    /// The user's message first, the assistant's last.
    package let messages: [Message]
    /// Counted once, so that the cost of a new turn does not grow with their number.
    package let wordCount: Int

    package init(_ messages: [Message]) {
        self.messages = messages
        wordCount = messages.wordCount
    }
}

extension [Message] {
    /// The sum over all messages.
    package var wordCount: Int { reduce(0) { $0 + $1.content.wordCount } }
}
