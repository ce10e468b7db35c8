/// One complete HTTP response.
package struct Response: Sendable {
    package var status: Int
    /// Header fields in order. Control characters in them are never sent.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The response as a CGI or FastCGI program sends it to its web server (RFC 3875, section 6).
    ///
    /// - Parameter includesBody: false for the response to HEAD, whose `Content-Length` still counts the body.
    package func serialized(includesBody: Bool) -> [UInt8] {
        let length = status == 204 ? [] : [(name: "Content-Length", value: String(body.count))]
        var bytes = Self.head(status: status, headers: headers + length, reserving: includesBody ? body.count : 0)
        if includesBody { bytes += body }
        return bytes
    }

    /// The bytes before the body, including the empty line.
    static func head(status: Int, headers: [(name: String, value: String)], reserving bodyLength: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + bodyLength)
        bytes += "Status: \(status) \(reason(status))\r\n".utf8
        for (name, value) in headers {
            bytes += name.utf8
            bytes += ": ".utf8
            // A line break in a value would let a client add a header.
            let start = bytes.count
            bytes += value.utf8
            if bytes[start...].contains(where: { $0 < 0x20 || $0 == 0x7f }) {
                bytes[start...].removeAll { $0 < 0x20 || $0 == 0x7f }
            }
            bytes += "\r\n".utf8
        }
        bytes += "\r\n".utf8
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
        case 415: "Unsupported Media Type"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 507: "Insufficient Storage"
        default: "Status"
        }
    }
}
