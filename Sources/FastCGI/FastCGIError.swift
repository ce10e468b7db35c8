package import SystemPackage

/// What went wrong between the web server and this process.
package struct FastCGIError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable, Hashable {
        /// The listening socket could not be had.
        case listen
        /// The library refused to start.
        case library
        /// The web server left, stalled or broke the protocol.
        case connection
        /// The body of a request is larger than the limit.
        case bodyTooLarge
        /// The web server stopped in the middle of a request's body.
        case bodyIncomplete
    }

    /// The kind of failure.
    package let code: Code
    /// What the operating system said, if it was asked.
    package let cause: Errno?
    /// One sentence that says what happened and, where someone can mend it, how.
    package let description: String

    init(_ code: Code, _ description: String, cause: Errno? = nil) {
        self.code = code
        self.cause = cause
        self.description = cause.map { "\(description): \($0)" } ?? description
    }
}
