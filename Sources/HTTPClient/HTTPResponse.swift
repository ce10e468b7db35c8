import Text

/// An HTTP response, or the part of it that has arrived.
package struct HTTPResponse: Sendable {
    /// 0 if no head has arrived.
    package private(set) var status = 0
    /// In order, with names in lower case.
    package private(set) var headers: [(name: String, value: String)] = []
    package private(set) var body: [UInt8] = []

    /// The value of the first header with a name, which is given in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Parses the bytes of a response, or of its beginning.
    init(_ bytes: [UInt8]) {
        let separator = Array("\r\n\r\n".utf8)
        var rest = bytes[...]
        var lines: [Substring] = []
        var status = 0
        // Informational responses such as 103 Early Hints precede the final one, and a proxy's answer to CONNECT does.
        while status < 200 || rest.starts(with: "HTTP/".utf8) {
            guard let end = rest.firstRange(of: separator) else { return }
            lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            rest = rest[end.upperBound...]
            status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        self.status = status
        headers = lines.dropFirst().compactMap { line in
            line.firstIndex(of: ":").map { colon in
                let value = line[line.index(after: colon)...].utf8.drop { $0 == 0x20 || $0 == 0x09 }
                return (line[..<colon].lowercased(), String(Substring(value)))
            }
        }
        body = Array(rest)
    }
}

extension TransferEngine {
    /// Makes a GET request, or a POST if it has a body. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - url: an absolute `http` or `https` URL.
    ///   - headers: lines, such as `Accept: text/plain`.
    ///   - body: the body of a POST.
    ///   - timeout: the limit from the start of the request to the last byte of the response.
    ///   - onChunk: gets everything received so far, whenever more arrives.
    package func ask(
        _ url: String, headers: [String] = [], body: [UInt8]? = nil, timeout: Duration, onChunk: (HTTPResponse) -> Void = { _ in }
    ) async throws(TransferError) -> HTTPResponse {
        var received: [UInt8] = []
        var request = HTTPRequest(url: url, headers: headers, body: body, timeout: timeout, connectTimeout: min(timeout, .seconds(10)))
        request.includesHead = true
        request.bodyLimit = 1 << 20
        _ = try await perform(request) { _, bytes in
            received += bytes
            onChunk(HTTPResponse(received))
            return nil
        }
        return HTTPResponse(received)
    }
}
