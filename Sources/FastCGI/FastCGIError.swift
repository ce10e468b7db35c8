public import SystemPackage

/// What went wrong between the web server and this process.
public struct FastCGIError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Hashable {
        /// The listening socket could not be had.
        case listen
        /// The library refused to start.
        case library
        /// The web server left, stalled or broke the protocol.
        case connection
    }

    /// The kind of failure.
    public let code: Code
    /// What the operating system said, if it was asked.
    public let cause: Errno?
    /// One sentence that says what happened and, where someone can mend it, how.
    public let description: String

    init(_ code: Code, _ description: String, cause: Errno? = nil) {
        self.code = code
        self.cause = cause
        self.description = cause.map { "\(description): \($0)" } ?? description
    }
}
