import Text

/// Responses of the Responses API as servers write them.
enum ResponseFixture {
    static let usage = #"{"input_tokens":5,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,"total_tokens":8}"#

    /// An event, as it stands in a stream.
    static func event(_ type: String, _ members: String) -> String {
        "event: \(type)\ndata: {\"type\":\"\(type)\",\"sequence_number\":0,\(members)}\n\n"
    }

    /// A response that is over.
    static func response(_ items: String = "", status: String = "completed", error: String = "null", reason: String? = nil) -> String {
        let details = reason.map { #"{"reason":"\#($0)"}"# } ?? "null"
        return #"{"id":"resp_1","object":"response","status":"\#(status)","error":\#(error),"incomplete_details":\#(details),"#
            + #""output":[\#(items)],"usage":\#(usage)}"#
    }

    /// The event that ends a stream.
    static func end(_ items: String = "", status: String = "completed", error: String = "null", reason: String? = nil) -> String {
        event("response.\(status)", #""response":\#(response(items, status: status, error: error, reason: reason))"#)
    }

    static func delta(_ text: String, of kind: String = "output_text", index: Int = 0) -> String {
        event("response.\(kind).delta", #""output_index":\#(index),"delta":"\#(text)""#)
    }

    static func message(_ content: String) -> String {
        #"{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[\#(content)]}"#
    }

    static func text(_ text: String) -> String { #"{"type":"output_text","text":"\#(text)","annotations":[],"logprobs":[]}"# }

    static func call(_ id: String, _ name: String, _ arguments: String) -> String {
        #"{"type":"function_call","id":"fc_\#(id)","call_id":"\#(id)","name":"\#(name)","arguments":"\#(arguments)"}"#
    }

    static func done(_ item: String, index: Int = 0) -> String {
        event("response.output_item.done", #""output_index":\#(index),"item":\#(item)"#)
    }

    static func added(_ item: String, index: Int = 0) -> String {
        event("response.output_item.added", #""output_index":\#(index),"item":\#(item)"#)
    }

    static let hello = message(text("Hello, wörld."))

    /// A stream that says "Hello, wörld." as OpenAI does.
    static let stream =
        event("response.created", #""response":{"status":"in_progress","output":[],"usage":null,"error":null}"#)
        + event("response.in_progress", #""response":{"status":"in_progress","output":[],"usage":null,"error":null}"#)
        + added(message("")) + event("response.content_part.added", #""content_index":0,"part":\#(text(""))"#)
        + delta("Hello, ") + delta("wörld.")
        + event("response.output_text.done", #""content_index":0,"text":"Hello, wörld.","logprobs":[]"#)
        + event("response.content_part.done", #""content_index":0,"part":\#(text("Hello, wörld."))"#) + done(hello) + end(hello)
}
