/// What is asked of an HTTP server.
struct HTTPRequest: Sendable {
    /// An absolute `http` or `https` URL.
    var url: String
    /// The Unix-domain socket on which the server is, where it is not the URL's host.
    var socketPath: String?
    /// Header lines, such as `Accept: text/plain`.
    var headers: [String] = []
    /// What is posted; nil for GET.
    var body: [UInt8]?
    /// From the beginning to the last byte of the answer.
    var timeout: Duration
    /// How much of it may pass until the connection stands, names resolved and TLS included.
    var connectTimeout: Duration
    /// The most bytes of body that are taken, unpacked.
    var bodyLimit = 16 << 20
    /// Whether the head of the answer comes in front of the body, as it was sent.
    var includesHead = false
}

/// How an HTTP request was answered, but for the body.
struct HTTPReply: Sendable, Equatable {
    var status: Int
    /// `Retry-After`, in seconds.
    var retryAfter: Int?
}
