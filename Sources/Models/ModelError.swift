/// Why a model did not answer.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// The upstream refuses this request: its status is 400, 404, 413 or 422.
        case refused(status: Int)
        /// The upstream takes no more requests for now.
        case rateLimited
        /// The upstream failed, or its reply cannot be understood.
        case failed
        /// The upstream cannot be reached.
        case unavailable
        /// There was no whole answer within the turn's time limit.
        case timedOut
        /// The task was cancelled.
        case cancelled
    }

    /// The kind of failure.
    package let code: Code
    /// One sentence for the operator. It never holds a key.
    package let description: String
    /// One sentence for the client; nil where the kind says everything that a client may know.
    package let clientMessage: String?
    /// The parameter that the upstream refuses, where it names one.
    package let param: String?
    /// After how many seconds it is worth to ask again, where that is known.
    package let retryAfter: Int?

    /// Makes an error.
    package init(_ code: Code, _ description: String, clientMessage: String? = nil, param: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.description = description
        self.clientMessage = clientMessage
        self.param = param
        self.retryAfter = retryAfter
    }
}
