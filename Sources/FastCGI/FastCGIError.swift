package import SystemPackage

/// A failure between the web server and this process.
package struct FastCGIError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The listening socket could not be opened.
        case listen
        /// libfcgi refused to start.
        case library
        /// The web server left, stalled or broke the protocol.
        case connection
        /// A request's body is larger than the limit.
        case bodyTooLarge
        /// A request's body broke off.
        case bodyIncomplete
        /// A request's body did not arrive in time.
        case bodyTimedOut
    }

    package let code: Code
    /// The system call's error, if one failed.
    package let cause: Errno?
    /// What happened and, if someone can fix it, how.
    package let description: String

    init(_ code: Code, _ description: String, cause: Errno? = nil) {
        self.code = code
        self.cause = cause
        self.description = cause.map { "\(description): \($0)" } ?? description
    }
}
