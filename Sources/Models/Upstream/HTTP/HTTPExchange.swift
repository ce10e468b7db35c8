/// What is asked of an HTTP server.
struct HTTPRequest: Sendable {
    var url: String
    var headers: [(name: String, value: String)] = []
    /// Sent with POST; nil asks with GET.
    var body: [UInt8]?
    /// For everything, and for the connection alone.
    var timeout: Duration
    var connectTimeout: Duration
}

/// How an HTTP server answered.
struct HTTPResponse: Sendable {
    var status: Int
    /// Names in lower case.
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    func header(_ name: String) -> String? { headers.last { $0.name == name }?.value }
}

/// Why there is no whole answer.
struct HTTPFailure: Error, Sendable {
    enum Kind: Sendable {
        /// libcurl is not there.
        case noLibrary
        /// No connection, no name, no trust.
        case unreachable
        /// The time for everything was over.
        case timedOut
        /// The connection ended in the middle, or what came is no HTTP, or more than is taken.
        case broken
        case cancelled
    }

    var kind: Kind
    /// Without a key: for the log.
    var description: String
}
