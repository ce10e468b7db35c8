import Concurrency

/// What an HTTP server answered.
package struct HTTPResponse: Sendable {
    /// The status code; 0 where none came.
    package private(set) var status = 0
    /// Header fields in order, their names in lower case.
    package private(set) var headers: [(name: String, value: String)] = []
    /// The body, or what has come of it.
    package private(set) var body: [UInt8] = []

    /// A header's value, by its name in lower case; the first one where it is repeated.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Reads what came, the head included.
    init(_ bytes: [UInt8]) {
        let separator = Array("\r\n\r\n".utf8)
        var rest = bytes[...]
        var lines: [Substring] = []
        var status = 0
        // 103 Early Hints and the like stand before the answer.
        while status < 200 {
            guard let end = rest.firstRange(of: separator) else { return }
            lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            rest = rest[end.upperBound...]
            status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        self.status = status
        headers = lines.dropFirst().compactMap { line in
            line.firstIndex(of: ":").map { colon in
                let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
                return (line[..<colon].lowercased(), String(value))
            }
        }
        body = Array(rest)
    }
}

extension TransferEngine {
    /// Asks for what is at an address. No redirect is followed.
    ///
    /// - Parameters:
    ///   - url: an absolute `http` or `https` URL.
    ///   - headers: lines, such as `Accept: text/plain`.
    ///   - timeout: from the beginning to the last byte of the answer.
    ///   - onChunk: gets what has come so far, whenever something comes; on the engine's thread, so it must not wait.
    package func get(
        _ url: String, headers: [String] = [], timeout: Duration, onChunk: @escaping @Sendable (HTTPResponse) -> Void = { _ in }
    ) async throws(TransferError) -> HTTPResponse {
        let received = Mutex<[UInt8]>([])
        var request = HTTPRequest(url: url, headers: headers, timeout: timeout, connectTimeout: min(timeout, .seconds(10)))
        request.includesHead = true
        request.bodyLimit = 1 << 20
        _ = try await perform(request) { _, bytes in
            onChunk(
                HTTPResponse(
                    received.withLock { received in
                        received += bytes
                        return received
                    }))
        }
        return HTTPResponse(received.withLock(\.self))
    }
}
