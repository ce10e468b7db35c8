/// Why a request is refused.
package enum LimitError: Error, Sendable, Equatable {
    /// Requests in a minute.
    case requests
    /// Tokens in a minute.
    case tokens
    /// Tokens in a day.
    case dayTokens
    /// Money in a month.
    case budget
    /// Chats at once.
    case parallel
    /// The file of what was used can be neither read nor written.
    case unavailable
}
