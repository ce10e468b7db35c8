import Text

/// The reason why there is no complete response to an HTTP request.
package struct TransferError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The host has no usable libcurl.
        case missingLibrary
        /// The server cannot be reached. Nothing was sent to it.
        case connect
        /// The server's certificate was refused.
        case untrusted
        /// The request's time limit has passed.
        case timedOut
        /// The response broke off or is not HTTP.
        case broken
        /// The body exceeds the request's limit.
        case tooLarge
        /// The task was cancelled, or the engine was stopped.
        case cancelled
    }

    package let code: Code
    /// libcurl's message, or one sentence of this program.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
