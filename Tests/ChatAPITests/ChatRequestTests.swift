import Chat
import Server
import Testing

@testable import ChatAPI

@Suite("Chat requests")
struct ChatRequestTests {
    @Test("what stands behind the last assistant message is the turn; instructions go with it; the rest came earlier")
    func turn() throws {
        let request = try ChatRequest(
            Array(
                """
                {"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"first"},
                {"role":"assistant","content":null,"tool_calls":[]},{"role":"developer","content":[{"type":"text","text":"Be kind."}]},
                {"role":"user","content":[{"type":"text","text":"second"},{"type":"text","text":"part"}]},
                {"role":"assistant","content":"prefill"}],"temperature":1,"unknown":{"a":null}}
                """.utf8))
        #expect(request.conversation.new == [Message(role: .user, content: "second part")])
        #expect(
            request.conversation.instructions == [
                Message(role: .system, content: "Be brief."), Message(role: .developer, content: "Be kind."),
            ])
        #expect(request.model == "m")
        #expect(!request.stream && request.includesUsage == nil)
    }

    @Test("the tool results that end a request are the turn, whatever it repeats before them")
    func toolResults() throws {
        let request = try ChatRequest(
            Array(
                """
                {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What time is it?"},
                {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"now","arguments":"{}"}}]},
                {"role":"tool","tool_call_id":"a","content":"noon"},
                {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"or"},{"type":"text","text":"not"}]}]}
                """.utf8))
        #expect(
            request.conversation.new == [
                Message(role: .tool, content: "noon", toolCallID: "a"), Message(role: .tool, content: "or not", toolCallID: "b"),
            ])
        #expect(request.conversation.instructions == [Message(role: .system, content: "Be brief.")])
    }

    @Test("the option include_usage of a stream is read", arguments: [("true", true), ("false", false), ("null", nil)])
    func includesUsage(value: String, expected: Bool?) throws {
        let body = #"{"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":\#(value)}}"#
        let request = try ChatRequest(Array(body.utf8))
        #expect(request.includesUsage == expected && request.stream)
    }

    @Test("the last of several members of one name counts, a byte order mark is ignored, and an empty model counts as absent")
    func leniency() throws {
        let body = #"{"model":"a","model":"","messages":[],"messages":[{"role":"robot","role":"user","content":5,"content":"x"}]}"#
        let request = try ChatRequest([0xef, 0xbb, 0xbf] + Array(body.utf8))
        #expect(request.conversation.new == [Message(role: .user, content: "x")])
        #expect(request.model == nil)
    }

    @Test(
        "a wrong body is refused with a code, and the error names the parameter",
        arguments: [
            ("", "invalid_json", nil),
            ("[1]", "invalid_json", nil),
            ("null", "invalid_json", nil),
            (#"{"messages":[{"role":"user","content":"\ud800"}]}"#, "invalid_json", nil),
            ("{}", "invalid_messages", "messages"),
            (#"{"messages":{}}"#, "invalid_messages", "messages"),
            (#"{"messages":[]}"#, "invalid_messages", "messages"),
            (#"{"messages":null}"#, "invalid_messages", "messages"),
            (#"{"messages":["x"]}"#, "invalid_messages", "messages[0]"),
            (#"{"messages":[{}]}"#, "invalid_messages", "messages[0].role"),
            (#"{"messages":[{"role":"robot","content":"x"}]}"#, "invalid_messages", "messages[0].role"),
            (#"{"messages":[{"role":"user","content":5}]}"#, "invalid_messages", "messages[0].content"),
            (#"{"messages":[{"role":"user","content":null}]}"#, "invalid_messages", "messages[0].content"),
            (#"{"messages":[{"role":"user"}]}"#, "invalid_messages", "messages[0].content"),
            (#"{"messages":[{"role":"user","content":[]}]}"#, "invalid_messages", "messages[0].content"),
            (#"{"messages":[{"role":"user","content":["x"]}]}"#, "invalid_messages", "messages[0].content[0]"),
            (#"{"messages":[{"role":"user","content":[{"type":"video_url"}]}]}"#, "invalid_messages", "messages[0].content[0].type"),
            (#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "invalid_messages", "messages[0].content[0].text"),
            (
                #"{"messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}"#,
                "invalid_messages", "messages[0].content[0].type"
            ),
            (#"{"messages":[{"role":"system","content":"x"}]}"#, "invalid_messages", "messages"),
            (
                #"{"messages":[{"role":"user","content":"x"},{"role":"tool","content":"y"}]}"#, "invalid_messages",
                "messages[1].tool_call_id"
            ),
            (#"{"messages":[{"role":"tool","content":"y","tool_call_id":5}]}"#, "invalid_messages", "messages[0].tool_call_id"),
            (#"{"messages":[{"role":"tool","tool_call_id":"z"}]}"#, "invalid_messages", "messages[0].content"),
            (
                #"{"messages":[{"role":"tool","tool_call_id":"z","content":[{"type":"image_url"}]}]}"#, "invalid_messages",
                "messages[0].content[0].type"
            ),
            (#"{"messages":[{"role":"user","content":"x"}],}"#, "invalid_json", nil),
            (#"{"messages":[{"role":"user","content":"x"}],"seed":01}"#, "invalid_json", nil),
            (#"{"messages":[{"role":"user","content":"x"}],"unknown":[nul]}"#, "invalid_json", nil),
            (#"{"messages":[{"role":"user","content":"x"}],"unknown":"\x"}"#, "invalid_json", nil),
            (#"{"messages":[{"role":"user","content":"x"}],"stream_options":5}"#, "invalid_value", "stream_options"),
            (
                #"{"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":1}}"#, "invalid_value",
                "stream_options.include_usage"
            ),
            (#"{"messages":[{"role":"user","content":"x"}],"stream":"no"}"#, "invalid_value", "stream"),
            (#"{"messages":[{"role":"user","content":"x"}],"model":5}"#, "invalid_value", "model"),
            (#"{"messages":[{"role":"user","content":"x"}],"temperature":2.5}"#, "invalid_value", "temperature"),
            (#"{"messages":[{"role":"user","content":"x"}],"max_tokens":0}"#, "invalid_value", "max_tokens"),
            (#"{"messages":[{"role":"user","content":"x"}],"n":"1"}"#, "invalid_value", "n"),
            (#"{"messages":[{"role":"user","content":"x"}],"n":2}"#, "unsupported_value", "n"),
        ] as [(String, String, String?)])
    func refusal(_ body: String, code: String, param: String?) {
        let error = apiError { try ChatRequest(Array(body.utf8)) }
        #expect(error?.code == code)
        #expect(error?.param == param)
        #expect(error?.status == 400)
    }
}
