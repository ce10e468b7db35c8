/// A turn that is over, as a model sees it.
package struct PastTurn: Sendable, Equatable {
    /// What was said: the user's message first, the assistant's last.
    package let messages: [Message]
    /// The words in it. Counted once, so that a turn costs the same however many came before.
    package let wordCount: Int

    /// Counts the words.
    package init(_ messages: [Message]) {
        self.messages = messages
        wordCount = messages.wordCount
    }
}

extension [Message] {
    /// The words in all of them.
    package var wordCount: Int { reduce(0) { $0 + $1.content.wordCount } }
}
