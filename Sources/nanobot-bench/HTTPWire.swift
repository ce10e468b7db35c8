/// The part of HTTP/1.1 that successive chats over a kept connection need.
enum HTTPWire {
    static func request(path: String, headers: [(String, String)], body: [UInt8]) -> [UInt8] {
        let lines = [("Host", "localhost"), ("Content-Length", String(body.count))] + headers
        let method = body.isEmpty ? "GET" : "POST"
        return Array("\(method) \(path) HTTP/1.1\r\n\(lines.map { "\($0): \($1)\r\n" }.joined())\r\n".utf8) + body
    }

    /// The body of the received message, with any chunk framing. Nil if its end has not arrived.
    ///
    /// - Parameter isWhole: whether a message without a length ends with its head, as a request does.
    static func body(in received: [UInt8], isWhole: Bool = false) -> ArraySlice<UInt8>? {
        let end = Array("\r\n\r\n".utf8)
        guard let head = received.indices.first(where: { received[$0] == end[0] && received[$0...].starts(with: end) }) else { return nil }
        let body = received[(head + end.count)...]
        let lines = received[..<head].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self).lowercased() }
        if let length = lines.first(where: { $0.hasPrefix("content-length:") })?.split(whereSeparator: { " \r".contains($0) }).last {
            return body.count >= Int(length) ?? 0 ? body : nil
        }
        return isWhole || body.elementsEqual("0\r\n\r\n".utf8) || body.suffix(7).elementsEqual("\r\n0\r\n\r\n".utf8) ? body : nil
    }
}
