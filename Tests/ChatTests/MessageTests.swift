import Chat
import Foundation
import JSON
import Testing

@Suite("Messages")
struct MessageTests {
    private static func read(_ json: String) throws -> Message { try ValueDecoder().read(Message.self, from: Array(json.utf8)[...]) }

    private static func written(_ message: Message) -> String { String(decoding: message.json.serialized, as: UTF8.self) }

    private static let call = Message.ToolCall(id: "call_1", name: "look", arguments: #"{"at":"微信"}"#)
    private static let callText =
        #"{"id":"call_1","type":"function","function":{"name":"look","arguments":"{\"at\":\"微信\"}"}}"#

    /// A message's JSON, and what it is read as.
    struct Case: Sendable {
        var json: String
        var message: Message

        init(_ json: String, _ message: Message) { (self.json, self.message) = (json, message) }
    }

    private static let partsText = """
        [{"type":"text","text":"What"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},\
        {"type":"text","text":"is this?"},{"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}},\
        {"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}]
        """

    private static let parts: [Message.Part] = [
        .text("What"), .image(url: "data:image/png;base64,AA==", detail: nil), .text("is this?"),
        .image(url: "https://a/b.png", detail: "low"), .audio(data: "UklGRg==", format: "wav"),
    ]

    private static let cases: [Case] = [
        Case(#"{"role":"system","content":"Be short."}"#, Message(role: .system, content: "Be short.")),
        Case(#"{"role":"developer","content":"Be short."}"#, Message(role: .developer, content: "Be short.")),
        Case(
            #"{"role":"user","content":"\"Hi\"\n\u0000 é 😀","name":"alice"}"#,
            Message(role: .user, content: "\"Hi\"\n\u{0} é 😀", name: "alice")),
        Case(#"{"role":"user","content":""}"#, Message(role: .user, content: "")),
        Case(#"{"role":"assistant","content":""}"#, Message(role: .assistant, content: "")),
        Case(#"{"role":"assistant","content":null,"refusal":"No."}"#, Message(role: .assistant, content: "", refusal: "No.")),
        Case(
            #"{"role":"assistant","content":"Let me see.","refusal":"","tool_calls":[\#(callText)]}"#,
            Message(role: .assistant, content: "Let me see.", refusal: "", toolCalls: [call])),
        Case(
            #"{"role":"assistant","content":null,"tool_calls":[\#(callText),\#(callText)]}"#,
            Message(role: .assistant, content: "", toolCalls: [call, call])),
        Case(
            #"{"role":"tool","content":"12 °C","tool_call_id":"call_1","name":"look"}"#,
            Message(role: .tool, content: "12 °C", toolCallID: "call_1", name: "look")),
        Case(#"{"role":"user","content":\#(partsText)}"#, Message(role: .user, content: "What is this?", parts: parts)),
        Case(
            #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}"#,
            Message(role: .user, content: "", parts: [.image(url: "x", detail: nil)])),
    ]

    @Test("a message is written as it was read", arguments: cases)
    func roundTrip(_ test: Case) throws {
        #expect(try Self.read(test.json) == test.message)
        #expect(Self.written(test.message).utf8.elementsEqual(test.json.utf8))
    }

    private static let spellingCases: [(String, String)] = [
        (#"{"role":"user"}"#, #"{"role":"user","content":""}"#),
        (#"{"role":"user","content":null}"#, #"{"role":"user","content":""}"#),
        (#"{"role":"user","content":[]}"#, #"{"role":"user","content":""}"#),
        (#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#, #"{"role":"user","content":"a b"}"#),
        (#"{"role":"user","content":[{"type":"text","text":""}]}"#, #"{"role":"user","content":""}"#),
        (#"{"content":"a","role":"user"}"#, #"{"role":"user","content":"a"}"#),
        (#"{"role":"user","content":"a","audio":{"id":"x"},"extra":[1]}"#, #"{"role":"user","content":"a"}"#),
        (#"{"role":"user","content":"\u0061\/"}"#, #"{"role":"user","content":"a/"}"#),
        (
            #"{"role":"assistant","content":"a","tool_calls":null,"refusal":null,"name":null,"tool_call_id":null}"#,
            #"{"role":"assistant","content":"a"}"#
        ),
        (#"{"role":"assistant","content":"a","tool_calls":[]}"#, #"{"role":"assistant","content":"a"}"#),
        (
            #"{"role":"assistant","tool_calls":[{"function":{"arguments":"","name":"f"},"id":"1"}]}"#,
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":""}}]}"#
        ),
        (
            #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x","detail":null}}]}"#,
            #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}"#
        ),
    ]

    @Test("other spellings of a message are read, and written in one way", arguments: spellingCases)
    func spellings(json: String, expected: String) throws {
        #expect(Self.written(try Self.read(json)) == expected)
    }

    @Test(
        "what is not a message is refused",
        arguments: [
            "{}", "[]", "null", #""user""#, #"{"content":"a"}"#, #"{"role":null,"content":"a"}"#, #"{"role":"","content":"a"}"#,
            #"{"role":"User","content":"a"}"#, #"{"role":"robot","content":"a"}"#, #"{"role":1,"content":"a"}"#,
            #"{"role":"user","content":1}"#, #"{"role":"user","content":true}"#, #"{"role":"user","content":{"type":"text","text":"a"}}"#,
            #"{"role":"user","content":["a"]}"#, #"{"role":"user","content":[null]}"#, #"{"role":"user","content":[{"text":"a"}]}"#,
            #"{"role":"user","content":[{"type":"text"}]}"#, #"{"role":"user","content":[{"type":"video","video":{}}]}"#,
            #"{"role":"user","content":[{"type":"image_url","image_url":"x"}]}"#,
            #"{"role":"user","content":[{"type":"image_url","image_url":{"detail":"low"}}]}"#,
            #"{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA=="}}]}"#,
            #"{"role":"assistant","content":"a","tool_calls":{}}"#, #"{"role":"assistant","content":"a","tool_calls":[{}]}"#,
            #"{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            #"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}}]}"#,
            #"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":{}}}]}"#,
            #"{"role":"tool","content":"a","tool_call_id":1}"#, #"{"role":"user","content":"a","name":["x"]}"#,
            #"{"role":"user","content":"\ud800"}"#,
        ])
    func refused(json: String) {
        #expect(throws: DecodingError.self) { try Self.read(json) }
    }

    @Test("the error for an unknown part names the types that are known")
    func unknownPart() {
        let error = #expect(throws: DecodingError.self) { try Self.read(#"{"role":"user","content":[{"type":"video"}]}"#) }
        guard case .dataCorrupted(let context) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(context.debugDescription == "video is none of text, image_url, input_audio and file")
        #expect(context.codingPath.map(\.stringValue).last == "type")
    }
}
