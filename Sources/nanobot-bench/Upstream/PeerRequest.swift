/// A request to the peer.
enum PeerRequest {
    case waiting
    case chat(question: String, delay: Duration, streams: Bool)

    /// Parses a request. Nil if its end has not arrived.
    init?(_ received: [UInt8]) {
        guard let body = HTTPWire.body(in: received, isWhole: true) else { return nil }
        let path = received.prefix { $0 != UInt8(ascii: "\r") }.split(separator: UInt8(ascii: " ")).dropFirst().first ?? []
        guard let delay = path.split(separator: UInt8(ascii: "/")).first.flatMap({ Int(String(decoding: $0, as: UTF8.self)) }),
            let start = body.lastIndex(after: #""content":""#)
        else {
            self = .waiting
            return
        }
        let question = String(decoding: body[start...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        self = .chat(question: question, delay: .milliseconds(delay), streams: body.lastIndex(after: #""stream":true"#) != nil)
    }
}

extension ArraySlice<UInt8> {
    /// The end of the last occurrence of a text.
    func lastIndex(after text: String) -> Int? {
        let text = Array(text.utf8)
        guard count >= text.count else { return nil }
        return (startIndex...(endIndex - text.count)).last { self[$0...].starts(with: text) }.map { $0 + text.count }
    }
}
