import Text

/// A turn that is over, as a model sees it.
package struct PastTurn: Sendable, Equatable {
    /// The user's message first, the assistant's last.
    package let messages: [Message]
    /// Counted once, so that the cost of a new turn does not grow with their number.
    package let wordCount: Int
    /// True if it is what a model is told of older turns.
    package let isSummary: Bool

    package init(_ messages: [Message], isSummary: Bool = false) {
        self.messages = messages
        self.isSummary = isSummary
        wordCount = messages.wordCount
    }

    /// A conversation in turns. Each begins with a user's message, but for what stands before the first one.
    package static func turns(of conversation: [Message]) -> [[Message]] {
        var turns: [[Message]] = []
        for message in conversation {
            if turns.isEmpty || message.role == .user && turns.last?.last?.role != .user {
                turns.append([message])
            } else {
                turns[turns.count - 1].append(message)
            }
        }
        return turns
    }
}

extension [Message] {
    /// The sum over all messages.
    package var wordCount: Int { reduce(0) { $0 + $1.content.wordCount } }
}
