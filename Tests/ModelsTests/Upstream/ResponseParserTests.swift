import Chat
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("The parser of the Responses API")
struct ResponseParserTests {
    private typealias Fixture = ResponseFixture

    private static let usage = Usage(
        promptTokens: 5, completionTokens: 3, details: ExtraMembers(of: ["prompt_tokens_details": ["cached_tokens": 4]], besides: []))

    private func read(_ stream: String) throws -> Completion { try CompletionParser.read([Array(stream.utf8)], .responses).0 }

    /// The same answer in the forms of many servers.
    private static let streams: [(String, String)] = [
        ("OpenAI's", Fixture.stream), ("CR LF", Fixture.stream.replacing("\n", with: "\r\n")),
        ("[DONE] at the end", Fixture.stream + "data: [DONE]\n\n"),
        ("only deltas, and an end without its output", Fixture.delta("Hello, ") + Fixture.delta("wörld.") + Fixture.end()),
        (
            "no deltas",
            Fixture.event("response.output_text.done", #""text":"Hello, wörld.""#) + Fixture.done(Fixture.hello)
                + Fixture.end(Fixture.hello)
        ),
        ("only items", Fixture.done(Fixture.hello) + Fixture.end()), ("only the end", Fixture.end(Fixture.hello)),
        (
            "an end that repeats the beginning",
            Fixture.delta("Hello, wörld.")
                + Fixture.event("response.completed", #""response":\#(Fixture.response(status: "in_progress"))"#)
        ),
        (
            "another index in each event",
            Fixture.delta("Hello, ") + Fixture.delta("wörld.", index: 7) + Fixture.done(Fixture.hello, index: 2)
                + Fixture.end(Fixture.hello)
        ),
        (
            "an item that ends twice",
            Fixture.delta("Hello, wörld.") + Fixture.done(Fixture.hello) + Fixture.done(Fixture.hello) + Fixture.end()
        ),
        ("a document, though a stream was asked for", "\n " + Fixture.response(Fixture.hello)),
        ("a document of two parts", Fixture.response(Fixture.message(Fixture.text("Hello, ") + "," + Fixture.text("wörld.")))),
        ("a document without a status", #"{"output":[\#(Fixture.hello)],"usage":\#(Fixture.usage)}"#),
        (
            "unknown events",
            Fixture.event("response.web_search_call.failed", #""error":{"message":"m"}"#) + "data: ping\n\n: ping\n\n"
                + Fixture.event("keepalive", "\"a\":1") + Fixture.stream
        ),
    ]

    @Test("all forms give the same answer, wherever the bytes are divided", arguments: streams)
    func shapes(name: String, stream: String) throws {
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            let (completion, deltas) = try CompletionParser.read([Array(bytes[..<index]), Array(bytes[index...])], .responses)
            #expect(completion == Completion(content: "Hello, wörld.", usage: Self.usage))
            #expect(deltas.map(\.content).joined() == "Hello, wörld." && !deltas.contains(Delta()))
        }
        #expect(try CompletionParser.read(bytes.map { [$0] }, .responses).0.content == "Hello, wörld.")
    }

    private static let calls = [
        Message.ToolCall(id: "a", name: "add", arguments: #"{"x":1}"#), Message.ToolCall(id: "b", name: "sub", arguments: "{}"),
    ]
    private static let (first, second) = (Fixture.call("a", "add", #"{\"x\":1}"#), Fixture.call("b", "sub", "{}"))
    private static let (begun, next) = (Fixture.call("a", "add", ""), Fixture.call("b", "sub", ""))
    private static func arguments(_ text: String, _ index: Int) -> String {
        Fixture.delta(text, of: "function_call_arguments", index: index)
    }
    private static func argumentsDone(_ text: String, _ index: Int) -> String {
        Fixture.event("response.function_call_arguments.done", #""output_index":\#(index),"name":"","arguments":"\#(text)""#)
    }
    private static let (x, y) = (#"{\"x\""#, ":1}")
    private static let both = first + "," + second
    private static let (firstDone, secondDone) = (Fixture.done(first), Fixture.done(second, index: 1))
    private static let end = Fixture.end(both)
    private static let inOrder: [String] = [
        Fixture.added(begun), arguments(x, 0), arguments(y, 0), argumentsDone(x + y, 0), firstDone, Fixture.added(next, index: 1),
        arguments("{}", 1), argumentsDone("{}", 1), secondDone, end,
    ]
    private static let callStreams: [(String, [String])] = [
        ("one after the other", inOrder),
        ("without indices", inOrder.map { $0.replacing(#""output_index":0,"#, with: "").replacing(#""output_index":1,"#, with: "") }),
        ("all with index 0", inOrder.map { $0.replacing(#""output_index":1,"#, with: #""output_index":0,"#) }),
        (
            "in turns",
            [
                Fixture.added(begun, index: 3), Fixture.added(next, index: 4), arguments(x, 3), arguments("{}", 4), arguments(y, 3),
                firstDone, secondDone, end,
            ]
        ),
        (
            "without deltas",
            [
                Fixture.added(begun), argumentsDone(x + y, 0), Fixture.added(next, index: 1), argumentsDone("{}", 1), firstDone, secondDone,
                end,
            ]
        ),
        ("as items", [firstDone, secondDone, end]), ("at the end", [end]),
        ("begun, and whole at the end", [Fixture.added(begun), Fixture.added(next, index: 1), end]),
        ("whole in a document", [Fixture.response(both)]),
    ]

    @Test("tool calls are put together however they come, and once", arguments: callStreams)
    func toolCalls(name: String, events: [String]) throws {
        let (completion, deltas) = try CompletionParser.read([Array(events.joined().utf8)], .responses)
        #expect(completion.toolCalls == Self.calls && completion.finishReason == "tool_calls" && completion.content.isEmpty)
        for (index, call) in Self.calls.enumerated() {
            let chunks = deltas.flatMap(\.toolCalls).filter { $0.index == index }
            #expect(chunks.first?.id == call.id && chunks.first?.name == call.name && !chunks.dropFirst().contains { $0.id != nil })
            #expect(chunks.map(\.arguments).joined() == call.arguments)
        }
    }

    private static let thoughts =
        #"{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"Let me"},{"type":"summary_text","text":"think."}],"#
        + #""encrypted_content":"SEALED"}"#
    private static func summary(_ text: String, _ index: Int) -> String {
        Fixture.event("response.reasoning_summary_text.delta", #""output_index":0,"summary_index":\#(index),"delta":"\#(text)""#)
    }

    @Test(
        "reasoning is read from summaries, and what is sealed is kept in the form that clients know",
        arguments: [
            summary("Let", 0) + summary(" me", 0) + summary("think.", 1) + Fixture.done(thoughts) + Fixture.stream,
            Fixture.done(thoughts) + Fixture.stream, Fixture.end(thoughts + "," + Fixture.hello),
            Fixture.response(thoughts + "," + Fixture.hello),
        ])
    func reasoning(stream: String) throws {
        let (completion, deltas) = try CompletionParser.read([Array(stream.utf8)], .responses)
        #expect(completion.content == "Hello, wörld." && completion.extras["reasoning_content"] == "Let me\n\nthink.")
        let details: JSONValue = [
            ["type": "reasoning.encrypted", "data": "SEALED", "id": "rs_1", "format": "openai-responses-v1", "index": 0]
        ]
        #expect(completion.extras["reasoning_details"] == details)
        #expect(deltas.reduce(into: ExtraMembers()) { $0.append($1.extras) } == completion.extras)
    }

    @Test("the reasoning of open models is read as it is, and their summary of it is not added")
    func reasoningText() throws {
        let item = #"{"type":"reasoning","content":[{"type":"reasoning_text","text":"Hm."}],"summary":[{"text":"S"}]}"#
        let streamed = Fixture.delta("Hm", of: "reasoning_text") + Fixture.delta(".", of: "reasoning_text")
        for stream in [streamed + Self.summary("S", 0) + Fixture.done(item) + Fixture.stream, Fixture.response(item + "," + Fixture.hello)]
        {
            #expect(try read(stream).extras["reasoning_content"] == "Hm.")
        }
    }

    @Test("refusals, citations and probabilities are those of a chat completion")
    func others() throws {
        let part =
            #"{"type":"output_text","text":"Hi","annotations":[{"type":"url_citation","url":"https://a","title":"A","start_index":0,"#
            + #""end_index":2},{"type":"file_citation","file_id":"f"}],"logprobs":[{"token":"Hi","logprob":-0.10}]}"#
        let message = Fixture.message(part + #",{"type":"refusal","refusal":"I cannot."}"#)
        let streamed =
            Fixture.event("response.output_text.delta", #""delta":"Hi","logprobs":[{"token":"Hi","logprob":-0.10}]"#)
            + Fixture.delta("I can", of: "refusal") + Fixture.delta("not.", of: "refusal") + Fixture.done(message) + Fixture.end(message)
        for stream in [streamed, Fixture.done(message) + Fixture.end(message), Fixture.response(message)] {
            let completion = try read(stream)
            #expect(completion.content == "Hi" && completion.refusal == "I cannot.")
            let citation: JSONValue = [
                "type": "url_citation", "url_citation": ["url": "https://a", "title": "A", "start_index": 0, "end_index": 2],
            ]
            #expect(completion.extras["annotations"] == [citation])
            let logprobs = #"{"content":[{"token":"Hi","logprob":-0.10}],"refusal":null}"#
            #expect(completion.logprobs.map { String(decoding: $0.serialized, as: UTF8.self) } == logprobs)
        }
    }

    @Test("a character that two deltas share is whole")
    func surrogates() throws {
        let kinds = ["output_text", "refusal", "reasoning_text", "function_call_arguments"]
        let halves = [#"\ud83d"#, #"\ude00"#].flatMap { half in kinds.map { Fixture.delta(half, of: $0) } }
        let completion = try read(Fixture.added(Self.begun) + halves.joined() + Fixture.end())
        #expect(completion.content == "😀" && completion.refusal == "😀" && completion.extras["reasoning_content"] == "😀")
        #expect(completion.toolCalls.map(\.arguments) == ["😀"])
        let second = Self.summary("Hm.", 0) + Self.summary(#"\ud83d"#, 1) + Self.summary(#"\ude00"#, 1) + Fixture.end()
        #expect(try read(second).extras["reasoning_content"] == "Hm.\n\n😀")
    }

    @Test(
        "the finish reason of a response that is incomplete is that of a chat completion",
        arguments: [("max_output_tokens", "length"), ("content_filter", "content_filter"), (nil, "length")])
    func incomplete(reason: String?, expected: String) throws {
        for stream in [
            Fixture.delta("Hello, wörld.") + Fixture.end(Fixture.hello, status: "incomplete", reason: reason),
            Fixture.response(Fixture.hello, status: "incomplete", reason: reason),
        ] {
            #expect(try read(stream) == Completion(content: "Hello, wörld.", finishReason: expected, usage: Self.usage))
        }
    }

    private static let failure = #"{"code":"server_error","message":"gone"}"#
    private static let failures: [(String, CompletionError)] = [
        ("", .invalid), ("<html>Bad gateway</html>", .invalid), ("{}", .invalid), (#"{"choices":[{"message":{"content":"a"}}]}"#, .invalid),
        (Fixture.response(status: "in_progress"), .invalid), (String(Fixture.response(Fixture.hello).dropLast()), .invalid),
        (Fixture.delta("Hel"), .truncated), (Fixture.delta("Hel") + #"data: {"type":"response.com"#, .invalid),
        ("data: nonsense\n\n", .invalid), ("data: [DONE]\n\n", .truncated), (": only comments\n\n", .truncated),
        (Fixture.event("response.created", #""response":{"status":"in_progress","output":[]}"#), .truncated),
        (Fixture.response(status: "failed", error: failure), .upstreamError(.make("gone", code: "server_error"))),
        (
            Fixture.delta("Hel") + Fixture.end(status: "failed", error: failure) + Fixture.event("error", #""error":\#(failure)"#),
            .upstreamError(.make("gone", code: "server_error"))
        ),
        (Fixture.end(status: "failed"), .upstreamError(.make(nil))), (Fixture.response(status: "cancelled"), .upstreamError(.make(nil))),
        (
            Fixture.event("error", #""code":"rate_limit_exceeded","message":"slow down","param":null"#),
            .upstreamError(.make("slow down", code: "rate_limit_exceeded", type: "error", status: 429))
        ),
        (
            Fixture.end(status: "failed", error: #"{"code":"invalid_image_url","message":"m"}"#),
            .upstreamError(.make("m", code: "invalid_image_url", status: 400))
        ),
        (#"data: {"error":{"message":"gone","code":502}}"# + "\n\n", .upstreamError(.make("gone", status: 502))),
        (#"{"detail":"no such model"}"#, .upstreamError(.make("no such model"))),
    ]

    @Test("the error says why a response is not an answer, wherever the bytes are divided", arguments: failures)
    func noAnswer(stream: String, error: CompletionError) throws {
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            #expect(throws: error) { try CompletionParser.read([Array(bytes[..<index]), Array(bytes[index...])], .responses) }
        }
    }

    @Test("a stream is over with its last event, which is not waited for long")
    func patience() {
        func patience(_ stream: String) -> Duration? {
            var parser = CompletionParser(.responses)
            _ = Array(stream.utf8).withUnsafeBytes { parser.read($0) }
            return parser.patience
        }
        #expect(patience(Fixture.delta("a")) == nil && patience(Fixture.stream) == .milliseconds(250))
        #expect(patience(Fixture.end(Fixture.hello)) == .seconds(2) && patience(Fixture.end(status: "failed")) == .milliseconds(250))
    }
}
