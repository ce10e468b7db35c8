/// One HTTP response, in the form in which a CGI or FastCGI responder gives it (RFC 3875, section 6).
package struct Response: Sendable {
    /// What follows the headers.
    package enum Body: Sendable {
        /// All of it.
        case bytes([UInt8])
        /// Pieces, each to be sent as soon as it comes. There is no `Content-Length`.
        case stream(AsyncStream<[UInt8]>)
    }

    /// The status code.
    package var status: Int
    /// Header fields in order. Control characters in them are never sent.
    package var headers: [(name: String, value: String)]
    /// The body.
    package var body: Body

    /// Makes a response whose body is whole.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.init(status: status, headers: headers, body: .bytes(body))
    }

    /// Makes a response.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The bytes that the web server gets; of a body in pieces, what stands before them. `includesBody` is false for the answer to HEAD,
    /// whose `Content-Length` still counts the body.
    package func serialized(includesBody: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        if case .bytes(let body) = body { bytes.reserveCapacity(256 + body.count) }
        func append(_ name: String, _ value: String) {
            bytes += name.utf8
            bytes += ": ".utf8
            // A line break in a value would begin a header of the client's choice.
            bytes += value.utf8.lazy.filter { $0 >= 0x20 && $0 != 0x7f }
            bytes += "\r\n".utf8
        }
        append("Status", "\(status) \(Self.reason(status))")
        for (name, value) in headers { append(name, value) }
        if case .bytes(let body) = body {
            if status != 204 { append("Content-Length", String(body.count)) }
            bytes += "\r\n".utf8
            if includesBody { bytes += body }
        } else {
            bytes += "\r\n".utf8
        }
        return bytes
    }

    // RFC 9110, section 15.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
