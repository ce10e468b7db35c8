import Text

/// The reason why a model did not answer.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The upstream refuses this request, with status 400, 402, 404, 408, 409, 413, 415, 422, 424 or 451.
        case refused(status: Int)
        /// The conversation is longer than the upstream's model can read.
        case contextTooLong
        /// The upstream accepts no more requests for now.
        case rateLimited
        /// The upstream failed, or its response is not a completion.
        case failed
        /// The upstream cannot be reached.
        case unavailable
        /// There was no complete answer within the turn's time limit.
        case timedOut
        /// The task was cancelled.
        case cancelled

        /// Its name in metrics.
        var label: String {
            switch self {
            case .refused: "refused"
            case .contextTooLong: "context_too_long"
            case .rateLimited: "rate_limited"
            case .failed: "failed"
            case .unavailable: "unavailable"
            case .timedOut: "timed_out"
            case .cancelled: "cancelled"
            }
        }
    }

    package let code: Code
    /// One sentence for the operator. It never contains a key.
    package let description: String
    /// One sentence for the client; nil if the code says everything that a client may know.
    package let clientMessage: String?
    /// The upstream's own word for the error: letters, digits, `_`, `-` and `.`, at most 64.
    package let clientCode: String?
    /// The parameter that the upstream refuses, if it names one.
    package let param: String?
    /// The number of seconds to wait before asking again, if known.
    package let retryAfter: Int?

    package init(
        _ code: Code, _ description: String, clientMessage: String? = nil, clientCode: String? = nil, param: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.code = code
        self.description = description
        self.clientMessage = clientMessage
        self.clientCode = clientCode
        self.param = param
        self.retryAfter = retryAfter
    }
}
