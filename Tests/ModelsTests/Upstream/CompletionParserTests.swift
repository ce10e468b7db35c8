import Chat
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("The parser of completions")
struct CompletionParserTests {
    private static let usage = Usage(promptTokens: 5, completionTokens: 3)
    private static let hello = Completion(content: "Hello, wörld.", usage: usage)
    private static let usageMember = #""usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8}"#
    /// The same answer in the forms of many servers. The prompt has five words.
    private static let streams: [(String, String)] = [
        ("OpenAI's", Fixture.stream),
        ("CR LF", Fixture.stream.replacing("\n", with: "\r\n")),
        ("no space after data:", Fixture.stream.replacing("data: ", with: "data:")),
        ("comments", ": OPENROUTER PROCESSING\n\n" + Fixture.stream.replacing("\n\n", with: "\n\n: keep-alive\n\n")),
        ("no [DONE]", Fixture.stream.replacing("data: [DONE]\n\n", with: "")),
        (
            "null content first, usage with the last choice, no [DONE], no last blank line",
            Fixture.event(#"{"role":"assistant","content":null}"#) + Fixture.event(#"{"content":"Hello, wörld."}"#)
                + #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],\#(usageMember)}"#
        ),
        (
            "usage in every chunk, empty finish_reason",
            #"data: {"choices":[{"index":0,"delta":{"content":"Hello, "},"finish_reason":""}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#
                + "\n\n" + #"data: {"choices":[{"delta":{"content":"wörld."},"finish_reason":"stop"}],\#(usageMember)}"# + "\n\n"
        ),
        (
            "a document, though a stream was asked for",
            "\n \n" + #"{"choices":[{"message":{"role":"assistant","content":"Hello, wörld."},"finish_reason":"stop"}],\#(usageMember)}"#
        ),
        (
            "content in parts, no finish_reason, an error of null",
            #"{"error":null,"choices":[{"message":{"content":[{"type":"thinking"},{"type":"text","text":"Hello, "},{"type":"text","text":"wörld."}]}}],\#(usageMember)}"#
        ),
    ]

    @Test("all forms give the same answer, wherever the bytes are divided", arguments: streams)
    func shapes(name: String, stream: String) throws {
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            let (completion, deltas) = try read([Array(bytes[..<index]), Array(bytes[index...])])
            #expect(completion == Self.hello)
            #expect(deltas.map(\.content).joined() == "Hello, wörld.")
            #expect(!deltas.contains(Delta()))
        }
        #expect(try read(bytes.map { [$0] }).0 == Self.hello)
    }

    @Test("words are counted if there is no usage")
    func missingUsage() throws {
        let usage = try read(Fixture.event(#"{"content":"Hello, wörld."}"#, finish: #""stop""#)).usage
        #expect(usage == Usage(promptTokens: 5, completionTokens: 2))
    }

    @Test(
        "a usage of any numbers is taken as far as possible",
        arguments: [
            (#"{"prompt_tokens":9223372036854775807,"completion_tokens":1}"#, Usage(promptTokens: .max, completionTokens: 1)),
            (
                #"{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"total_tokens":-1}"#,
                Usage(promptTokens: .max, completionTokens: .max, totalTokens: .max)
            ),
            (
                #"{"prompt_tokens":1,"completion_tokens":-9223372036854775808,"total_tokens":9223372036854775807}"#,
                Usage(promptTokens: 1, completionTokens: 0, totalTokens: .max)
            ),
            // A negative count is ignored, and words are counted.
            (
                #"{"prompt_tokens":-9223372036854775808,"completion_tokens":-9223372036854775808}"#,
                Usage(promptTokens: 5, completionTokens: 2)
            ),
            (#"{"prompt_tokens":9223372036854775808,"completion_tokens":1}"#, Usage(promptTokens: 5, completionTokens: 2)),
            (#"{"prompt_tokens":1e400,"completion_tokens":1}"#, Usage(promptTokens: 5, completionTokens: 2)),
        ])
    func extremeUsage(usage: String, expected: Usage) throws {
        let reply = #"{"choices":[{"message":{"content":"Hello, wörld."},"finish_reason":"stop"}],"usage":\#(usage)}"#
        #expect(try read(reply).usage == expected)
        #expect(try read("data: \(reply)\n\n").usage == expected)
    }

    @Test("refusal and finish_reason are kept")
    func refusal() throws {
        let completion = try read(Fixture.event(#"{"refusal":"I can"}"#) + Fixture.event(#"{"refusal":"not."}"#, finish: #""length""#))
        #expect(completion.refusal == "I cannot.")
        #expect(completion.finishReason == "length")
    }

    private static let calls = [
        Message.ToolCall(id: "a", name: "add", arguments: #"{"x":1}"#), Message.ToolCall(id: "b", name: "sub", arguments: "{}"),
    ]

    @Test(
        "tool calls are put together from chunks",
        arguments: [
            // In chunks by index, with empty strings for the id and name that came before.
            [
                #"[{"index":0,"id":"a","function":{"name":"add","arguments":""}}]"#, #"[{"index":0,"function":{"arguments":"{\"x\""}}]"#,
                #"[{"index":1,"id":"b","function":{"name":"sub","arguments":"{}"}}]"#,
                #"[{"index":0,"id":"","function":{"name":"","arguments":":1}"}}]"#,
            ],
            // Whole calls without an index.
            [
                #"[{"id":"a","function":{"name":"add","arguments":"{\"x\":1}"}},{"id":"b","function":{"name":"sub","arguments":"{}"}}]"#
            ],
            // Whole calls that all have index 0.
            [
                #"[{"index":0,"id":"a","function":{"name":"add","arguments":"{\"x\":1}"}}]"#,
                #"[{"index":0,"id":"b","function":{"name":"sub","arguments":"{}"}}]"#,
            ],
        ])
    func toolCalls(chunks: [String]) throws {
        let stream = chunks.map { Fixture.event(#"{"tool_calls":\#($0)}"#) }.joined() + Fixture.event("{}", finish: #""stop""#)
        let (completion, deltas) = try read([Array(stream.utf8)])
        #expect(completion.toolCalls == Self.calls)
        #expect(completion.finishReason == "tool_calls")
        for (index, call) in Self.calls.enumerated() {
            let chunks = deltas.flatMap(\.toolCalls).filter { $0.index == index }
            #expect(chunks.first?.id == call.id && chunks.first?.name == call.name && !chunks.dropFirst().contains { $0.id != nil })
            #expect(chunks.map(\.arguments).joined() == call.arguments)
        }
    }

    @Test("a tool call without an id gets one")
    func callWithoutID() throws {
        let stream = Fixture.event(#"{"tool_calls":[{"function":{"name":"add","arguments":"{}"}}]}"#, finish: #""tool_calls""#)
        #expect(try read(stream).toolCalls.first?.id.hasPrefix("call_") == true)
    }

    @Test("the probabilities of tokens are kept as they were written")
    func logprobs() throws {
        let stream = [#"{"token":"a","logprob":-0.10}"#, #"{"token":"b", "logprob":-1e-05}"#].map {
            #"data: {"choices":[{"index":0,"delta":{"content":"x"},"logprobs":{"content":[\#($0)],"refusal":null},"finish_reason":"stop"}]}"#
                + "\n\n"
        }
        let whole = #"{"content":[{"token":"a","logprob":-0.10},{"token":"b","logprob":-1e-05}],"refusal":null}"#
        #expect(try read(stream.joined()).logprobs.map { String(decoding: $0.serialized, as: UTF8.self) } == whole)
    }

    private static let failures: [(String, CompletionError)] = [
        ("", .invalid),
        ("<html>Bad gateway</html>", .invalid),
        ("{}", .invalid),
        (#"{"choices":[]}"#, .invalid),
        (#"{"choices":[{"message":{"content":"Hel"#, .invalid),
        (Fixture.event(#"{"content":"Hel"}"#), .truncated),
        (Fixture.event(#"{"content":"Hel"}"#) + "data: {\"choices\":[{", .invalid),
        ("data: nonsense\n\n", .invalid),
        ("data: [DONE]\n\n", .truncated),
        (": only comments\n\n", .truncated),
        (#"data: {"error":"overloaded"}"#, .upstreamError(.make("overloaded"))),
        (#"data: {"error":{"message":"gone","code":502}}"# + "\n\n", .upstreamError(.make("gone", status: 502))),
        (
            Fixture.event(#"{"content":"Hel"}"#) + #"data: {"error":{"message":"gone"},"choices":[]}"# + "\n\n",
            .upstreamError(.make("gone"))
        ),
        (Fixture.event(#"{"content":"Hel"}"#, finish: #""error""#) + #"data: {"error":{}}"# + "\n\n", .upstreamError(.make(nil))),
    ]

    @Test("the error says why a response is not an answer, wherever the bytes are divided", arguments: failures)
    func noAnswer(stream: String, error: CompletionError) throws {
        let bytes = Array(stream.utf8)
        for index in 0...bytes.count {
            #expect(throws: error) { try read([Array(bytes[..<index]), Array(bytes[index...])]) }
        }
    }

    private func read(_ stream: String) throws -> Completion { try CompletionParser.read(stream).0 }

    private func read(_ chunks: [[UInt8]]) throws(CompletionError) -> (Completion, [Delta]) { try CompletionParser.read(chunks) }
}

extension CompletionParser {
    /// The answer in a response, and its chunks.
    static func read(_ response: String) throws(CompletionError) -> (Completion, [Delta]) { try read([Array(response.utf8)]) }

    static func read(_ chunks: [[UInt8]], _ api: UpstreamAPI = .chat) throws(CompletionError) -> (Completion, [Delta]) {
        var parser = CompletionParser(api)
        var deltas: [Delta] = []
        for chunk in chunks { deltas += chunk.withUnsafeBytes { parser.read($0) } }
        deltas += parser.end()
        return (try parser.completion(of: .make(message: "one two three four five")), deltas)
    }
}

extension UpstreamErrorBody {
    static func make(
        _ message: String?, param: String? = nil, code: String? = nil, type: String? = nil, status: Int? = nil
    ) -> UpstreamErrorBody {
        var errorBody = UpstreamErrorBody()
        (errorBody.message, errorBody.param, errorBody.code) = (message, param, code)
        (errorBody.type, errorBody.status) = (type, status)
        return errorBody
    }
}
