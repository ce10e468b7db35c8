import TestSupport
import Testing

@testable import Models

@Suite("An upstream's error body")
struct UpstreamErrorBodyTests {
    private static let cases: [(String, UpstreamErrorBody?)] = [
        (#"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#, .make("m", param: "p", code: "c", type: "t")),
        (#"{"error":{"message":"m","type":"t","param":null,"code":400}}"#, .make("m", type: "t", status: 400)),
        (#"{"error":{"message":"m","code":"429"}}"#, .make("m", status: 429)),
        (#"{"error":{"code":1,"message":"m"}}"#, .make("m", code: "1")),
        (#"{"error":"m"}"#, .make("m")), (#"{"error":"c","error_description":"m"}"#, .make("m", code: "c")),
        (#"{"statusCode":400,"message":"m","error":"Bad Request"}"#, .make("m", code: "Bad Request")),
        (#"{"object":"error","message":"m","code":404}"#, .make("m", status: 404)),
        (#"{"detail":"m"}"#, .make("m")),
        (
            #"{"detail":[{"loc":["body","messages",0,"content"],"msg":"m","type":"missing"},{"loc":["body","x"],"msg":"n"}]}"#,
            .make("messages[0].content: m; x: n", param: "messages[0].content")
        ),
        (#"{"detail":[{"loc":["body"],"msg":"m"}]}"#, .make("m")),
        (
            #"{"object":"error","message":{"detail":[{"loc":["body","top_p"],"msg":"m"}]},"type":"t","code":"c"}"#,
            .make("top_p: m", param: "top_p", code: "c", type: "t")
        ),
        (#"{"message":{"detail":"m"}}"#, .make("m")), (#"{"code":"c","msg":"m"}"#, .make("m", code: "c")),
        (#"{"code":1210,"msg":"m"}"#, .make("m", code: "1210")), (#"{"errors":["m","n"]}"#, .make("m; n")),
        (#"{"errors":[{"message":"m"}],"success":false}"#, .make("m")), (#"{"error":{"errors":[{"message":"m"}]}}"#, .make("m")),
        (#"{"type":"error","error":{"type":"invalid_request_error","message":"m"}}"#, .make("m", type: "invalid_request_error")),
        (
            #"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"m"}}}"#,
            .make("Provider returned error: m", status: 400)
        ),
        (
            #"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
            .make("m", code: "INVALID_ARGUMENT", status: 400)
        ),
        (#"{"error":{"message":"\ud83d"}}"#, .make("\u{fffd}")), ("{\"error\":{\"message\":\"a\n\tb\"}}", .make("a\n\tb")),
        (#"[[{"error":"m"}]]"#, nil), (String(repeating: "[", count: 512) + String(repeating: "]", count: 512), nil),
        (#"{"error":{"message":"m","code":9223372036854775808}}"#, .make("m")), (#"{"error":{"message":"m","code":1e400}}"#, .make("m")),
        (#"{"ok":true}"#, nil), ("<html><h1>Bad Request</h1></html>", nil), ("", nil), ("[]", nil), (#"{"error":null}"#, nil),
        (#"{"error":""}"#, nil), (#"{"error":false}"#, nil),
        (#"{"detail":"# + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + "}", nil),
    ]

    @Test("an error body is read in every common form", arguments: cases)
    func shapes(body: String, errorBody: UpstreamErrorBody?) {
        #expect(UpstreamErrorBody(Array(body.utf8)) == errorBody)
    }

    @Test(
        "a conversation that is too long is known by the words of many servers",
        arguments: [
            #"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            #"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            #"{"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens","code":400}"#,
            #"{"error":{"message":"Please reduce the length of the messages or completion."}}"#,
            #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
            #"[{"error":{"code":400,"message":"The input token count (9) exceeds the maximum number of tokens allowed (8)."}}]"#,
            #"{"error":{"message":"This endpoint's maximum context length is 8192 tokens.","code":400}}"#,
            #"{"message":{"detail":"Prompt contains 9 tokens, too large for model with 8 maximum context length"}}"#,
            #"{"error":"Trying to keep the first 9 tokens when context the overflows. However, the model is loaded with context length of only 8 tokens, which is not enough."}"#,
            #"{"error":{"message":"prompt too long; exceeded max context length by 4 tokens"}}"#,
            #"{"error":{"message":"Provider returned error","metadata":{"raw":"{\"message\":\"Input is too long for requested model.\"}"}}}"#,
        ])
    func tooLong(body: String) throws {
        #expect(try #require(UpstreamErrorBody(Array(body.utf8))).exceedsContext)
    }

    @Test(
        "other errors are not taken for it",
        arguments: [
            "max_tokens is too large: 9. This model supports at most 8", "context deadline exceeded", "Invalid 'tools[0]': too long",
        ])
    func notTooLong(message: String) { #expect(!UpstreamErrorBody.make(message).exceedsContext) }
}
