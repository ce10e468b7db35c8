/// What is asked of an HTTP server.
package struct HTTPRequest: Sendable {
    /// An absolute `http` or `https` URL.
    package var url: String
    /// The path of the Unix-domain socket that the server listens on; nil if it listens on the URL's host.
    package var socketPath: String?
    /// Header lines, such as `Accept: text/plain`.
    package var headers: [String]
    /// What is posted; nil for GET.
    package var body: [UInt8]?
    /// The limit from the start of the request to the last byte of the response.
    package var timeout: Duration
    /// The part of it within which the connection must be made, name resolution and TLS included.
    package var connectTimeout: Duration
    /// The most bytes of body that are accepted, after unpacking.
    var bodyLimit = 16 << 20
    /// True to receive the response's head, as it was sent, in front of the body.
    var includesHead = false

    package init(
        url: String, socketPath: String? = nil, headers: [String] = [], body: [UInt8]? = nil, timeout: Duration, connectTimeout: Duration
    ) {
        (self.url, self.socketPath, self.headers, self.body) = (url, socketPath, headers, body)
        (self.timeout, self.connectTimeout) = (timeout, connectTimeout)
    }
}

/// A response without its body.
package struct HTTPResponseHead: Sendable, Equatable {
    package var status: Int
    /// `Retry-After`, in seconds.
    package var retryAfter: Int?
}
