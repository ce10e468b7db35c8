/// Responses as servers write them.
enum Fixture {
    /// A `chat.completion` that says "Hello."
    static let completion = #"""
        {"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",
        "content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}
        """#

    /// The event of a chunk whose `delta` and `finish_reason` are given.
    static func event(_ delta: String, finish: String = "null") -> String {
        "data: \(chunk(delta, finish: finish))\n\n"
    }

    static func chunk(_ delta: String, finish: String = "null") -> String {
        #"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"#
    }

    /// A stream that says "Hello, wörld." as OpenAI does.
    static let stream =
        event(#"{"role":"assistant","content":""}"#) + event(#"{"content":"Hello, "}"#) + event(#"{"content":"wörld."}"#)
        + event("{}", finish: #""stop""#)
        + #"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}}"# + "\n\ndata: [DONE]\n\n"
}
