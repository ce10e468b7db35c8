/// The peer's HTTP responses, whole and in parts.
enum PeerAnswer {
    /// The first words of every answer.
    static let beginning = "Answer to "

    static func completion(_ question: String) -> String {
        #"{"id":"peer","object":"chat.completion","created":1,"model":"peer","choices":[{"index":0,"message":{"role":"assistant","#
            + #""content":"\#(beginning)\#(question)"},"finish_reason":"stop"}],"#
            + #""usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6}}"#
    }

    static func whole(_ body: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    /// The head of an answer that streams, and its first words.
    static let firstPieces =
        Array("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        + piece(#"{"role":"assistant","content":""}"#) + piece(#"{"content":"\#(beginning)"}"#)

    static func lastPieces(_ question: String) -> [UInt8] {
        piece(#"{"content":"\#(question)"}"#) + piece("{}", finishReason: #""stop""#) + chunk("data: [DONE]\n\n") + Array("0\r\n\r\n".utf8)
    }

    private static func piece(_ delta: String, finishReason: String = "null") -> [UInt8] {
        chunk(
            #"data: {"id":"peer","object":"chat.completion.chunk","created":1,"model":"peer","#
                + #""choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finishReason)}]}"# + "\n\n")
    }

    private static func chunk(_ text: String) -> [UInt8] { Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8) }
}
