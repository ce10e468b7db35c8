import Chat
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Answers of careless upstreams")
struct CarelessUpstreamTests {
    private static let stop = Fixture.event("{}", finish: #""stop""#)

    private func document(_ message: String, finish: String = #""stop""#) -> String {
        #"{"choices":[{"index":0,"message":\#(message),"finish_reason":\#(finish)}]}"#
    }

    /// What a response says, read whole and byte by byte.
    private func content(_ response: String) throws -> String {
        let (completion, deltas) = try CompletionParser.read(response)
        let bytes = try CompletionParser.read(response.utf8.map { [$0] })
        #expect(bytes.0.content == completion.content)
        for deltas in [deltas, bytes.1] { #expect(deltas.map(\.content).joined() == completion.content) }
        return completion.content
    }

    @Test(
        "a character that two chunks share is whole, and half a character is U+FFFD",
        arguments: [
            ([#""world \ud83d""#, #""\ude00 bye""#], "world 😀 bye"), ([#""a\ud83d""#, #""""#, #""\ude00""#], "a😀"),
            ([#""a\ud83d""#, #""b""#], "a\u{fffd}b"), ([#""a""#, #""\ude00b""#], "a\u{fffd}b"), ([#""a\ud83d""#], "a\u{fffd}"),
            (["null", #""a\ud83d\ude00""#], "a😀"),
        ])
    func surrogates(chunks: [String], expected: String) throws {
        #expect(try content(chunks.map { Fixture.event(#"{"content":\#($0)}"#) }.joined() + Self.stop) == expected)
        if chunks.count == 1 { #expect(try content(document(#"{"content":\#(chunks[0])}"#)) == expected) }
    }

    @Test("reasoning, refusals and arguments may share characters, too")
    func surrogatesElsewhere() throws {
        let chunks = [#"\ud83d"#, #"\ude00"#].map { half in
            #"{"reasoning_content":"\#(half)","refusal":"\#(half)","tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"\#(half)"}}]}"#
        }
        let (completion, deltas) = try CompletionParser.read(chunks.map { Fixture.event($0) }.joined() + Self.stop)
        #expect(completion.extras["reasoning_content"] == "😀" && completion.refusal == "😀")
        #expect(completion.toolCalls.map(\.arguments) == ["😀"])
        #expect(deltas.flatMap(\.toolCalls).map(\.arguments).joined() == "😀")
    }

    @Test(
        "control characters, bytes that are not UTF-8 and contents of any type are read",
        arguments: [
            ("\"a\nb\tc\u{1}\"", "a\nb\tc\u{1}"), ("\"a\n\nb: c\n\"", "a\n\nb: c\n"), (#"{"type":"text","text":"a"}"#, "a"),
            (#"["a",{"type":"text","text":"b"},{"type":"thinking","thinking":[{"type":"text","text":"x"}]}]"#, "ab"),
            (#"{"city": "Paris","n":1.0}"#, #"{"city":"Paris","n":1.0}"#), ("42", "42"), ("true", "true"), ("null", ""), ("{}", ""),
        ])
    func contents(given: String, expected: String) throws {
        #expect(try content(document(#"{"content":\#(given)}"#)) == expected)
        #expect(try content(Fixture.event(#"{"content":\#(given)}"#) + Self.stop) == expected)
    }

    @Test("one byte that is not UTF-8 is U+FFFD, and spoils neither the answer nor its probabilities")
    func invalidUTF8() throws {
        let text =
            #"{"choices":[{"message":{"content":"a~"},"logprobs":{"content":[{"token":"~\ud800","logprob":-1}]},"finish_reason":"stop"}]}"#
        let bytes = text.utf8.map { $0 == UInt8(ascii: "~") ? 0xff : $0 }
        for response in [bytes, Array("data: ".utf8) + bytes + Array("\n\n".utf8)] {
            let completion = try CompletionParser.read([response]).0
            #expect(completion.content == "a\u{fffd}")
            let logprobs = try #require(completion.logprobs).serialized
            #expect(try JSONField(parsing: logprobs).value.member("content")?.elements?.first?.member("token") == "\u{fffd}\u{fffd}")
        }
    }

    @Test(
        "a byte order mark, white space or both precede an answer",
        arguments: ["\u{feff}", "\n\u{feff} ", "\u{feff}\n"], [Fixture.completion, Fixture.stream])
    func byteOrderMark(beginning: String, response: String) throws {
        #expect(try content(beginning + response).hasPrefix("Hello"))
    }

    private static let nonsense = [
        "data: : keepalive\n\n", "data:\n\n", "data: \n\n", "data: ping\n\n", "data: null\n\n", "data: 1\n\n", "data: {}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n", "data: [1]\n\n", "retry: 1\n\n",
    ]

    @Test("events that are no chunks are skipped, wherever they stand", arguments: nonsense)
    func skipped(event: String) throws {
        let hello = Fixture.event(#"{"content":"Hello."}"#)
        for stream in [event + hello + Self.stop, hello + event + Self.stop, hello + Self.stop + event + "data: [DONE]\n\n" + event] {
            #expect(try content(stream) == "Hello.")
        }
        #expect(throws: CompletionError.self) { try CompletionParser.read(event + event) }
        #expect(throws: CompletionError.self) { try CompletionParser.read(event + "data: [DONE]\n\n") }
        #expect(throws: CompletionError.truncated) { try CompletionParser.read(hello + event) }
    }

    @Test(
        "nothing after the finish reason spoils an answer",
        arguments: ["data: {\"choices\":[{\n\n", "data: {\"error\":\"late\"}\n\n", "<html>"])
    func afterEnd(rest: String) throws {
        #expect(try content(Fixture.event(#"{"content":"Hello."}"#) + Self.stop + rest) == "Hello.")
    }

    @Test(
        "the end of a stream is known however it is written",
        arguments: ["data:  [DONE]\n\n", "data: [DONE] \n\n", "data:[DONE]", "data: [DONE]\r\n"])
    func done(end: String) throws {
        #expect(try content(Fixture.event(#"{"content":"Hello."}"#) + end) == "Hello.")
    }

    @Test("a finish reason with every chunk ends nothing, and one after the text ends it")
    func patience() {
        func patience(_ events: String...) -> Duration? {
            var parser = CompletionParser()
            for event in events { _ = Array(event.utf8).withUnsafeBytes { parser.read($0) } }
            return parser.patience
        }
        let (text, last) = (Fixture.event(#"{"content":"a"}"#), Fixture.event(#"{"content":"a"}"#, finish: #""stop""#))
        let usage = #"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"# + "\n\n"
        #expect(patience(text) == nil && patience(text, usage) == nil && patience(last, last) == nil)
        #expect(
            patience(last) == .seconds(2) && patience(text, Self.stop) == .seconds(2) && patience(usage, text, Self.stop) == .seconds(2))
        #expect(patience(text, Self.stop, usage) == .milliseconds(250) && patience(last, last, "data: [DONE]\n\n") == .milliseconds(250))
        #expect(patience(text, "data: {\"error\":\"m\"}\n\n") == .milliseconds(250))
        #expect(patience(Fixture.completion) == .milliseconds(250) && patience(String(Fixture.completion.dropLast())) == nil)
    }

    @Test("events may be parted by one line feed")
    func oneLineFeed() throws {
        #expect(try content(Fixture.stream.replacing("\n\n", with: "\n")) == "Hello, wörld.")
    }

    @Test(
        "an error in a choice, or for a finish reason, is an error",
        arguments: [
            (
                #"{"choices":[{"index":0,"error":{"message":"m","code":503},"message":{"content":""}}]}"#,
                UpstreamErrorBody.make("m", status: 503)
            ),
            (#"{"choices":[{"message":{"content":"Hel"},"finish_reason":"error"}]}"#, .make(nil)),
            (#"{"choices":[{"delta":{"content":"Hel"},"finish_reason":"network_error"}]}"#, .make(nil)),
            (
                #"{"choices":[{"delta":{"content":""},"finish_reason":"error"}],"error":{"message":"m","code":502}}"#,
                .make("m", status: 502)
            ),
            (#"{"code":1001,"msg":"m","data":null}"#, .make("m", code: "1001")),
            (#"{"object":"error","message":"m"}"#, .make("m")), (#"[{"error":{"message":"m"}}]"#, .make("m")),
        ])
    func errors(response: String, errorBody: UpstreamErrorBody) {
        for response in [response, "data: \(response)\n\n"] {
            #expect(throws: CompletionError.upstreamError(errorBody)) { try CompletionParser.read(response) }
        }
    }

    @Test(
        "an answer that says nothing is empty only if the model ended it by itself",
        arguments: [
            (#"{"content":""}"#, "stop", true), (#"{"content":null}"#, "end_turn", true), (#"{"content":""}"#, "length", false),
            (#"{"content":""}"#, "content_filter", false), (#"{"content":"","reasoning_content":"Hm."}"#, "stop", false),
            (#"{"content":"","images":[{"type":"image_url","image_url":{"url":"data:x"}}]}"#, "stop", false),
            (#"{"content":null,"function_call":{"name":"f","arguments":"{}"}}"#, "function_call", false),
            (#"{"content":null,"refusal":"No."}"#, "stop", false),
        ])
    func empty(message: String, finish: String, isEmpty: Bool) throws {
        for response in [document(message, finish: "\"\(finish)\""), Fixture.event(message) + Fixture.event("{}", finish: "\"\(finish)\"")]
        {
            #expect(try CompletionParser.read(response).0.isEmpty == isEmpty)
        }
    }

    @Test(
        "the finish reason is one of five, and says whether there are calls",
        arguments: [
            ("stop", "stop", "tool_calls"), ("end_turn", "stop", "tool_calls"), ("STOP", "stop", "tool_calls"),
            ("eos", "stop", "tool_calls"),
            ("stop_sequence", "stop", "tool_calls"), ("whatever", "stop", "tool_calls"), ("tool_calls", "stop", "tool_calls"),
            ("tool_use", "stop", "tool_calls"), ("function_call", "stop", "tool_calls"), ("length", "length", "length"),
            ("max_tokens", "length", "length"), ("MAX_TOKENS", "length", "length"), ("model_length", "length", "length"),
            ("content_filter", "content_filter", "content_filter"), ("SAFETY", "content_filter", "content_filter"),
            ("recitation", "content_filter", "content_filter"),
        ])
    func finishReasons(given: String, expected: String, withCalls: String) throws {
        let call = #"{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}"#
        for (message, expected) in [(#"{"content":"a"}"#, expected), (call, withCalls)] {
            #expect(try CompletionParser.read(document(message, finish: "\"\(given)\"")).0.finishReason == expected)
        }
        let old = document(#"{"function_call":{"name":"f","arguments":"{}"}}"#, finish: #""function_call""#)
        #expect(try CompletionParser.read(old).0.finishReason == "function_call")
    }

    @Test("unknown members of a message and of its calls are kept, over the chunks of a stream too, and details of the usage")
    func extras() throws {
        let chunks = [
            #"{"role":"assistant","content":"","reasoning_content":"Let me "}"#, #"{"reasoning_content":"think.","content":null}"#,
            #"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
            #"{"tool_calls":[{"index":0,"extra_content":{"google":{"thought_signature":"SIG"}}}]}"#,
        ]
        let usage =
            #"data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":1}}}"#
        let whole =
            #"{"content":null,"reasoning_content":"Let me think.","tool_calls":[{"id":"a","type":"function","#
            + #""extra_content":{"google":{"thought_signature":"SIG"}},"function":{"name":"f","arguments":"{}"}}]}"#
        let streamed = try CompletionParser.read(chunks.map { Fixture.event($0) }.joined() + Self.stop + usage + "\n\n")
        for (completion, deltas) in [streamed, try CompletionParser.read(document(whole))] {
            #expect(completion.extras["reasoning_content"] == "Let me think.")
            #expect(completion.toolCalls.map { $0.extras["extra_content"] } == [["google": ["thought_signature": "SIG"]]])
            #expect(completion.extras.members.count == 1 && completion.toolCalls[0].extras.members.count == 1)
            #expect(deltas.reduce(into: ExtraMembers()) { $0.append($1.extras) } == completion.extras)
            #expect(deltas.flatMap(\.toolCalls).reduce(into: ExtraMembers()) { $0.append($1.extras) } == completion.toolCalls[0].extras)
        }
        #expect(streamed.0.usage.details["completion_tokens_details"] == ["reasoning_tokens": 1])
    }
}
