/// A request to an HTTP server.
package struct HTTPRequest: Sendable {
    /// An absolute `http` or `https` URL.
    package var url: String
    /// The path of the Unix-domain socket that the server listens on; nil if it listens on the URL's host.
    package var socketPath: String?
    /// Header lines, such as `Accept: text/plain`.
    package var headers: [String]
    /// The body of a POST; nil for GET.
    package var body: [UInt8]?
    /// The limit from the start of the request to the last byte of the response.
    package var timeout: Duration
    /// The limit for the connection alone, including name resolution and TLS.
    package var connectTimeout: Duration
    /// The largest accepted body of the response, in bytes after decompression.
    var bodyLimit = 16 << 20
    /// True to receive the response's head, as it was sent, before the body.
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
