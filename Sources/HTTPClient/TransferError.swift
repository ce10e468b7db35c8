/// Why an HTTP request was not answered in full.
package struct TransferError: Error, Equatable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable {
        /// There is no libcurl on this host, or none that can be used.
        case missingLibrary
        /// The server cannot be reached; nothing was asked of it.
        case connect
        /// The server is not the one whose name it has: its certificate was refused.
        case untrusted
        /// The time was up.
        case timedOut
        /// The answer broke off or is not HTTP.
        case broken
        /// The body is larger than the request takes.
        case tooLarge
        /// The task was cancelled, or the engine stopped.
        case cancelled
    }

    /// The kind of failure.
    package let code: Code
    /// What libcurl says, or a sentence of the program's.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
