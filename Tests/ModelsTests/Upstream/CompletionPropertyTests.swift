import Chat
import JSON
import TestSupport
import Testing

@testable import HTTPClient
@testable import Models

/// Whatever an upstream sends, reading it ends in an answer or an error: a trap would end every chat of the process.
@Suite("Any response of an upstream")
struct CompletionPropertyTests {
    /// `#` stands for a number.
    private static let replies = [
        Fixture.stream, Fixture.completion,
        #"{"choices":[{"index":#,"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":#,"completion_tokens":#,"total_tokens":#}}"#,
        #"data: {"choices":[{"index":#,"delta":{"tool_calls":[{"index":#,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":#}]}}]}"#
            + "\n\n" + #"data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":#,"completion_tokens":#}}"#
            + "\n\n",
        #"data: {"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"logprob":#}],"refusal":[#]}}],"usage":#}"#
            + "\n\ndata: [DONE]\n\n",
        ResponseFixture.stream.replacing("\"output_index\":0", with: "\"output_index\":#").replacing("_tokens\":", with: "_tokens\":#"),
        ResponseFixture.added(#"{"type":"function_call","call_id":#,"name":"f"}"#)
            + #"data: {"type":"response.function_call_arguments.delta","output_index":#,"delta":"{"}"# + "\n\n"
            + ResponseFixture.done(#"{"type":"reasoning","id":#,"content":[{"text":#}],"summary":#,"encrypted_content":"a"}"#)
            + ResponseFixture.end(#"{"type":"message","content":[{"type":"output_text","text":"a","annotations":[#],"logprobs":[#]},#]},#"#),
        #"{"object":"response","status":"completed","output":[#,{"type":"function_call","name":"f","arguments":#}],"usage":#}"#,
        #"data: {"error":{"message":"m","code":#}}"# + "\n\n", #"{"error":{"code":#},"choices":#}"#, #"[{"error":{"code":#}}]"#,
    ]

    private func read(_ bytes: [UInt8], cutAt positions: Set<Int>) {
        for api in UpstreamAPI.allCases { read(bytes, cutAt: positions, api) }
    }

    private func read(_ bytes: [UInt8], cutAt positions: Set<Int>, _ api: UpstreamAPI) {
        var reader = CompletionParser(api)
        var start = 0
        for end in positions.sorted() + [bytes.count] {
            _ = bytes[start..<end].withUnsafeBytes { reader.read($0) }
            start = end
        }
        _ = reader.end()
        _ = try? reader.completion(of: .make(message: "one two three"))
        _ = UpstreamErrorBody(bytes)
        _ = HTTPResponse(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + bytes)
    }

    @Test("JSON nested to the limit and deeper crashes nothing, wherever it ends", arguments: [511, 512, 513, 514, 100_000])
    func depth(depth: Int) {
        for opening in ["[", #"{"a":"#, #"{"choices":["#, #"{"output":["#, #"[{"error":"#] {
            let text = String(repeating: opening, count: depth / opening.count { "[{".contains($0) })
            for text in [text, text + "[", text.dropLast() + "[", String(text.dropFirst()) + "["] {
                for reply in [text, "data: \(text)\n\n", #"{"choices":\#(text)"#, #"data: {"choices":[{"delta":{"tool_calls":\#(text)"#] {
                    read(Array(reply.utf8), cutAt: [])
                }
            }
        }
    }

    @Test("numbers at every type's limit crash nothing", arguments: LimitNumbers.json)
    func numbers(number: String) {
        for reply in Self.replies { read(Array(reply.replacing("#", with: number).utf8), cutAt: []) }
    }

    @Test("changed, added or removed bytes crash nothing, in chunks of any size", arguments: TestLength.seeds(60))
    func mutated(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for reply in Self.replies {
            var bytes = Array(reply.replacing("#", with: LimitNumbers.json.randomElement(using: &generator) ?? "0").utf8)
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let position = Int.random(in: 0..<max(1, bytes.count), using: &generator)
                let end = min(bytes.count, position + Int.random(in: 1...40, using: &generator))
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[position] = .random(in: 0...255, using: &generator)
                case 1: bytes.removeSubrange(position..<end)
                case 2: bytes.insert(contentsOf: bytes[position..<end], at: end)
                default: bytes.insert(contentsOf: Array("[{\"\\:,}]\r\n\u{301}".utf8).shuffled(using: &generator), at: position)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            read(bytes, cutAt: [])
            read(bytes, cutAt: Set((0..<5).map { _ in Int.random(in: 0...bytes.count, using: &generator) }))
            read(bytes, cutAt: Set(0...bytes.count))
        }
    }

    @Test("any number and form of heads before a response crashes nothing")
    func heads() {
        for head in [
            "HTTP/1.1 101\r\n\r\n", "\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", " \r\n\r\n",
            "HTTP/1.1 99999999999999999999\r\n\r\n",
        ] {
            let heads = Array(String(repeating: head, count: 40_000).utf8)
            #expect(HTTPResponse(heads).status == 0)
            let answer = HTTPResponse(heads + Array("HTTP/1.1 204 No Content\r\nA: b\r\n\r\nbody".utf8))
            #expect(answer.status == 204 && answer.header("a") == "b" && answer.body == Array("body".utf8))
        }
    }

    @Test("what a proxy answers to CONNECT is not the response")
    func connectHead() {
        let head = Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)
        #expect(HTTPResponse(head + Array("HTTP/2 40".utf8)).status == 0)
        let response = HTTPResponse(head + Array("HTTP/2 404 \r\na: b\r\n\r\nHTTP".utf8))
        #expect(response.status == 404 && response.header("a") == "b" && response.body == Array("HTTP".utf8))
    }
}
