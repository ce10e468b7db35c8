/// Why a model did not answer.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Hashable {
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
    public let code: Code
    /// One sentence for the operator. It never holds a key.
    public let description: String
    /// One sentence for the client; nil where the kind says everything that a client may know.
    public let clientMessage: String?
    /// The parameter that the upstream refuses, where it names one.
    public let param: String?
    /// After how many seconds it is worth to ask again, where that is known.
    public let retryAfter: Int?

    /// Makes an error.
    public init(_ code: Code, _ description: String, clientMessage: String? = nil, param: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.description = description
        self.clientMessage = clientMessage
        self.param = param
        self.retryAfter = retryAfter
    }
}
