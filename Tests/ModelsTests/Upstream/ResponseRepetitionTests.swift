import Chat
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("What a response of the Responses API tells several times")
struct ResponseRepetitionTests {
    private typealias Fixture = ResponseFixture

    private static let (one, two) = (Fixture.message(Fixture.text("one")), Fixture.message(Fixture.text("TWO")))
    private static let both = one + "," + two
    private static let begun = Fixture.added(Fixture.message(""), index: 1)
    private static let parts = Fixture.message(Fixture.text("one") + "," + Fixture.text("TWO"))
    private static func textDone(_ text: String, _ index: Int = 0) -> String {
        Fixture.event("response.output_text.done", #""output_index":\#(index),"text":"\#(text)""#)
    }
    private static func delta(_ text: String, _ index: Int, id: String) -> String {
        Fixture.event("response.output_text.delta", #""output_index":\#(index),"item_id":"\#(id)","delta":"\#(text)""#)
    }

    private static let texts: [(String, String, String)] = [
        ("two messages in deltas", delta("one", 0, id: "m") + delta("TWO", 1, id: "n") + Fixture.end(both), "one\n\nTWO"),
        (
            "two messages in deltas without ids",
            Fixture.delta("one") + Fixture.done(one) + begun + Fixture.delta("T") + Fixture.delta("WO") + Fixture.done(two)
                + Fixture.end(both), "one\n\nTWO"
        ),
        ("another id in each event", delta("one", 0, id: "m") + delta("TWO", 0, id: "n") + Fixture.end(parts), "oneTWO"),
        ("two messages as items", Fixture.done(one) + Fixture.done(two, index: 1) + Fixture.end(both), "one\n\nTWO"),
        ("two messages at the end", Fixture.end(both), "one\n\nTWO"), ("two messages in a document", Fixture.response(both), "one\n\nTWO"),
        ("the second one as an item", Fixture.delta("one") + begun + Fixture.done(two, index: 1) + Fixture.end(), "one\n\nTWO"),
        (
            "the second one as an item, after the first ended",
            Fixture.delta("one") + textDone("one") + Fixture.done(one) + begun + Fixture.done(two, index: 1) + Fixture.end(both),
            "one\n\nTWO"
        ),
        ("the second one as a text", Fixture.delta("one") + begun + textDone("TWO", 1) + Fixture.end(both), "one\n\nTWO"),
        ("the second one at the end", Fixture.delta("one") + Fixture.end(both), "one\n\nTWO"),
        ("the first one as an item", Fixture.done(one) + begun + Fixture.delta("TWO") + Fixture.end(both), "one\n\nTWO"),
        ("the same message twice", Fixture.done(one) + Fixture.end(one + "," + one), "one\n\none"),
        ("the rest of a message", Fixture.delta("o") + Fixture.done(one) + Fixture.end(both), "one\n\nTWO"),
        ("two parts in deltas", Fixture.delta("one") + Fixture.delta("TWO") + Fixture.end(parts), "oneTWO"),
        ("two parts as texts", textDone("one") + textDone("TWO") + Fixture.end(parts), "oneTWO"),
        ("the second part at the end", Fixture.delta("one") + Fixture.end(parts), "oneTWO"),
        ("two parts in a document", Fixture.response(parts), "oneTWO"),
        ("an end that tells something else", Fixture.delta("uno") + Fixture.done(one) + Fixture.end(both), "uno"),
        (
            "a text and an item that come twice",
            textDone("one") + textDone("one") + Fixture.done(one) + Fixture.done(one) + Fixture.end(one), "one"
        ),
        ("an end that comes twice", Fixture.end(one) + Fixture.end(one), "one"),
        ("what follows the end", Fixture.delta("one") + Fixture.end(one) + Fixture.delta("MORE") + Fixture.end(both), "one"),
        ("a content that is a text", Fixture.end(#"{"type":"message","content":"one"}"#), "one"),
        ("a content that is a text, as an item", Fixture.done(#"{"type":"message","content":"one"}"#) + Fixture.end(both), "one\n\nTWO"),
        ("a document whose content is a text", Fixture.response(#"{"type":"message","content":"one"}"#), "one"),
        ("a character in two deltas", Fixture.delta(#"\ud83d"#) + Fixture.delta(#"\ude00"#) + Fixture.end(face + "," + two), "😀\n\nTWO"),
    ]
    private static let face = Fixture.message(Fixture.text("😀"))

    @Test("each text is said once, wherever the bytes are divided", arguments: texts)
    func text(name: String, stream: String, expected: String) throws {
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            let (completion, deltas) = try CompletionParser.read([Array(bytes[..<index]), Array(bytes[index...])], .responses)
            #expect(completion.content == expected && completion.finishReason == "stop")
            #expect(deltas.map(\.content).joined() == expected)
        }
    }

    private static let (first, second) = (Fixture.call("a", "f", #"{\"x\":1}"#), Fixture.call("b", "g", #"{\"y\":2}"#))
    private static let calls = first + "," + second
    private static func arguments(_ text: String, _ index: Int = 0) -> String {
        Fixture.delta(text, of: "function_call_arguments", index: index)
    }
    private static let told = Fixture.event("response.function_call_arguments.done", #""output_index":1,"arguments":"{\"y\":2}""#)
    private static let (firstBegun, secondBegun) = (Fixture.added(Fixture.call("a", "f", "")), Fixture.call("b", "g", ""))
    private static let streamed = firstBegun + arguments(#"{\"x\""#) + arguments(":1}")
    private static let callStreams: [(String, String)] = [
        ("the second one's arguments as such", streamed + Fixture.added(secondBegun, index: 1) + told + Fixture.end()),
        ("twice", streamed + Fixture.added(secondBegun, index: 1) + told + told + Fixture.done(second, index: 1) + Fixture.end(calls)),
        ("as an item", streamed + Fixture.added(secondBegun, index: 1) + Fixture.done(second, index: 1) + Fixture.end()),
        ("as an item that was not begun", streamed + Fixture.done(first) + Fixture.done(second, index: 1) + Fixture.end(calls)),
        ("at the end", streamed + Fixture.added(secondBegun, index: 1) + Fixture.end(calls)),
        ("at the end, where it begins", streamed + Fixture.end(calls)),
        ("with other ids at the end", streamed + Fixture.added(secondBegun, index: 1) + Fixture.end(calls.replacing("call_id", with: "c"))),
        ("the rest of the first one's", firstBegun + arguments(#"{\"x\""#) + Fixture.end(calls)),
        ("begun twice", firstBegun + streamed + Fixture.end(calls)),
        ("before the item", arguments(#"{\"x\":1}"#) + firstBegun + Fixture.end(calls)),
        ("an end that comes twice", Fixture.end(calls) + Fixture.end(calls)),
    ]

    @Test("arguments that no delta had are those of a later event, wherever the bytes are divided", arguments: callStreams)
    func arguments(name: String, stream: String) throws {
        let expected = [
            Message.ToolCall(id: "a", name: "f", arguments: #"{"x":1}"#), Message.ToolCall(id: "b", name: "g", arguments: #"{"y":2}"#),
        ]
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            let (completion, deltas) = try CompletionParser.read([Array(bytes[..<index]), Array(bytes[index...])], .responses)
            #expect(completion.toolCalls == expected)
            for (index, call) in expected.enumerated() {
                #expect(deltas.flatMap(\.toolCalls).filter { $0.index == index }.map(\.arguments).joined() == call.arguments)
            }
        }
    }

    @Test("two calls with the same id are two", arguments: [Fixture.end(calls), Fixture.response(calls)])
    func sameID(stream: String) throws {
        let read = try CompletionParser.read([Array(stream.replacing(#""call_id":"b""#, with: #""call_id":"a""#).utf8)], .responses).0
        #expect(read.toolCalls.map(\.name) == ["f", "g"] && read.toolCalls.map(\.arguments) == [#"{"x":1}"#, #"{"y":2}"#])
    }

    @Test("reasoning of a second item that no delta had is that of the item")
    func reasoning() throws {
        let item = { (text: String) -> String in #"{"type":"reasoning","summary":[{"type":"summary_text","text":"\#(text)"}]}"# }
        let begun = Fixture.event("response.reasoning_summary_text.delta", #""output_index":0,"delta":"Let""#)
        for stream in [begun + Fixture.done(item("Let me")) + Fixture.done(item("think.")), begun] {
            let end = Fixture.end(item("Let me") + "," + item("think.") + "," + Self.one)
            let completion = try CompletionParser.read([Array((stream + end).utf8)], .responses).0
            #expect(completion.extras["reasoning_content"] == "Let me\n\nthink." && completion.content == "one")
        }
    }

    @Test("probabilities that clients could not read are left out, in both APIs")
    func logprobs() throws {
        let good = #"{"token":"a","logprob":-0.10,"top_logprobs":[{"token":"a","logprob":0}]}"#
        let list =
            #"[5,null,{"token":7},{"token":"b"},{"token":"c","logprob":"-1"},{"token":"d","logprob":-1,"top_logprobs":[7]},\#(good)]"#
        let chat = #"{"choices":[{"message":{"content":"a"},"logprobs":{"content":\#(list)},"finish_reason":"stop"}]}"#
        let delta = Fixture.event("response.output_text.delta", #""delta":"a","logprobs":\#(list)"#) + Fixture.end()
        for (text, api) in [(chat, UpstreamAPI.chat), (delta, .responses)] {
            let logprobs = try #require(try CompletionParser.read([Array(text.utf8)], api).0.logprobs)
            #expect(String(decoding: logprobs.serialized, as: UTF8.self) == #"{"content":[\#(good)],"refusal":null}"#)
        }
        let none = Fixture.event("response.output_text.delta", #""delta":"a","logprobs":[5]"#) + Fixture.end()
        #expect(try CompletionParser.read([Array(none.utf8)], .responses).0.logprobs == nil)
    }
}
