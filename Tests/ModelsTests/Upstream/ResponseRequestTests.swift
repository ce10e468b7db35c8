import Chat
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Requests to an upstream of the Responses API")
struct ResponseRequestTests {
    private static let sealedItem =
        #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"SEALED"},"# + ResponseFixture.call("a", "f", "{}")

    /// The requests that a server gets which answers each with a status and body. `ask` gets the model, and what takes chunks.
    private func requests(
        _ responses: [(status: Int, body: String)] = [(200, ResponseFixture.response(ResponseFixture.hello))], takesUnknown: Bool = false,
        _ ask: (UpstreamModel, @escaping @Sendable (Delta) -> Void) async throws -> Void
    ) async throws -> [PeerConnection.Request] {
        let log = Log<PeerConnection.Request>()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for response in responses {
                log.append(try connection.request())
                try connection.respond(response.body, status: response.status)
            }
        }
        try await ask(try .make(peer.url, api: .responses, key: "secret", takesUnknown: takesUnknown)) { _ in }
        try await peer.finish()
        return log.entries
    }

    private func body(of prompt: Prompt, takesUnknown: Bool = false) async throws -> JSONValue {
        let request = try #require(
            try await requests(takesUnknown: takesUnknown) { model, _ in _ = try await model.complete(prompt) }.first)
        return try JSONField(parsing: Array(request.body.utf8)).value
    }

    @Test("a request has the whole conversation, and asks the server to keep nothing")
    func request() async throws {
        let prompt = Prompt(
            instructions: [Message(role: .system, content: "Be brief."), Message(role: .developer, content: "Be kind.")],
            history: [PastTurn([Message(role: .user, content: "One"), Message(role: .assistant, content: "Two")])],
            turn: [Message(role: .user, content: "Three")], parameters: [("temperature", .text(Array("0.70".utf8)))])
        let request = try #require(
            try await requests { model, ignore in
                let completion = try await model.complete(prompt, onDelta: ignore)
                #expect(completion.content == "Hello, wörld.")
            }.first)
        #expect(request.line == "POST /v1/responses HTTP/1.1" && request.headers["authorization"] == "Bearer secret")
        #expect(
            request.body
                == #"{"model":"m","instructions":"Be brief.\n\nBe kind.","input":["#
                + #"{"type":"message","role":"user","content":[{"type":"input_text","text":"One"}]},"#
                + #"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Two"}]},"#
                + #"{"type":"message","role":"user","content":[{"type":"input_text","text":"Three"}]}],"store":false,"#
                + #""temperature":0.70,"include":["reasoning.encrypted_content"],"stream":true}"#)
    }

    @Test("pictures, files, calls and their results are items, and ids are short enough")
    func items() async throws {
        let long = String(repeating: "x", count: 65)
        let parts: [Message.Part] = [
            .text("Look"), .image(url: "data:image/png;base64,AA==", detail: nil), .file(data: "QQ==", name: "a.txt"),
            .audio(data: "QQ==", format: "wav"),
        ]
        let calls = [Message.ToolCall(id: "a", name: "f", arguments: "{"), Message.ToolCall(id: long, name: "g", arguments: "{}")]
        let prompt = Prompt(turn: [
            Message(role: .user, content: "Look", parts: parts), Message(role: .assistant, content: "", refusal: "No.", toolCalls: calls),
            Message(role: .tool, content: "1", toolCallID: long), Message(role: .user, content: "Well?"),
        ])
        let items = try #require(try await body(of: prompt).member("input")?.elements)
        #expect(
            items.first?.member("content") == [
                ["type": "input_text", "text": "Look"],
                ["type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"],
                ["type": "input_file", "filename": "a.txt", "file_data": "QQ=="],
                ["type": "input_text", "text": "(There is no recording.)"],
            ])
        #expect(items[1].member("content") == [["type": "refusal", "refusal": "No."]])
        #expect(items[2] == ["type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"])
        let id = try #require(items[3].member("call_id")?.string)
        #expect(id.utf8.count <= 64 && items[4] == ["type": "function_call_output", "call_id": .string(id), "output": "1"])
        #expect(items[5] == ["type": "function_call_output", "call_id": "a", "output": "There is no result."])
        #expect(items.count == 7)
    }

    @Test("parameters are those of the Responses API, and what it does not have is left out")
    func parameters() async throws {
        var prompt = Prompt.make(message: "Hi")
        prompt.parameters = [
            ("max_completion_tokens", 5), ("top_p", 1), ("logprobs", true), ("top_logprobs", 2), ("parallel_tool_calls", false),
            ("response_format", ["type": "json_schema", "json_schema": ["name": "n", "schema": [:], "strict": true]]),
            ("verbosity", "low"), ("reasoning_effort", "high"), ("metadata", ["a": "b"]), ("user", "u"), ("presence_penalty", 1),
            (
                "tools",
                [
                    ["type": "function", "function": ["name": "f", "parameters": ["type": "object"], "strict": true]],
                    ["type": "function", "function": ["name": "g", "strict": nil]],
                ]
            ),
            ("tool_choice", ["type": "function", "function": ["name": "f"]]), ("stop", ["a"]), ("seed", 1), ("logit_bias", [:]),
            ("prediction", [:]), ("modalities", ["text"]), ("audio", [:]), ("functions", []), ("web_search_options", [:]),
        ]
        guard case .object(let members) = try await body(of: prompt) else { throw Peer.Failed(description: "no object") }
        let expected: JSONValue = [
            "store": false, "max_output_tokens": 16, "top_p": 1, "top_logprobs": 2, "parallel_tool_calls": false,
            "reasoning": ["effort": "high"], "metadata": ["a": "b"], "user": "u", "presence_penalty": 1,
            "tools": [
                ["type": "function", "name": "f", "parameters": ["type": "object"], "strict": true],
                ["type": "function", "name": "g", "parameters": ["type": "object", "properties": [:]], "strict": false],
            ],
            "tool_choice": ["type": "function", "name": "f"],
            "text": ["format": ["type": "json_schema", "name": "n", "schema": [:], "strict": true], "verbosity": "low"],
            "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
        ]
        #expect(JSONValue.object(Array(members.dropFirst(2))) == expected)
    }

    @Test("tools that a choice allows are written as tools are, and words are kept")
    func toolChoice() async throws {
        var prompt = Prompt.make(message: "Hi")
        let function: JSONValue = ["type": "function", "function": ["name": "f"]]
        prompt.parameters = [("tool_choice", ["type": "allowed_tools", "allowed_tools": ["mode": "auto", "tools": [function]]])]
        let allowed: JSONValue = ["type": "allowed_tools", "mode": "auto", "tools": [["type": "function", "name": "f"]]]
        #expect(try await body(of: prompt).member("tool_choice") == allowed)
        prompt.parameters = [("tool_choice", "required"), ("response_format", ["type": "json_object"])]
        let body = try await body(of: prompt)
        #expect(body.member("tool_choice") == "required" && body.member("text") == ["format": ["type": "json_object"]])
    }

    @Test("unknown parameters are sent if the upstream wants them, unless they are about what it keeps", arguments: [true, false])
    func unknownParameters(takesUnknown: Bool) async throws {
        var prompt = Prompt.make(message: "Hi")
        prompt.otherParameters = [
            ("top_k", 5), ("store", true), ("previous_response_id", "r"), ("conversation", "c"), ("background", true), ("input", "x"),
        ]
        let body = try await body(of: prompt, takesUnknown: takesUnknown)
        #expect(body.member("top_k") == (takesUnknown ? 5 : nil) && body.member("store") == false)
        #expect(["previous_response_id", "conversation", "background"].allSatisfy { body.member($0) == nil })
    }

    @Test("sealed reasoning goes back to its upstream with the next turn, and to no other")
    func sealedReasoning() async throws {
        let bodies = Log<String>()
        func peer(_ statuses: [Int], _ answer: String) throws -> Peer {
            try Peer { peer in
                let connection = try peer.accept()
                for status in statuses {
                    bodies.append(try connection.request().body)
                    try connection.respond(status == 200 ? answer : "{}", status: status)
                }
            }
        }
        let answer = ResponseFixture.response(Self.sealedItem)
        let (first, second) = (try peer([200, 200, 401], answer), try peer([200], answer))
        let model = try UpstreamModel.make(first.url, second.url, api: .responses)
        let completion = try await model.answer()
        #expect(completion.toolCalls == [Message.ToolCall(id: "a", name: "f", arguments: "{}")])
        let history = [PastTurn([Message(role: .user, content: "Hi"), completion.message])]
        let prompt = Prompt(history: history, turn: [Message(role: .tool, content: "1", toolCallID: "a")])
        for _ in 0..<2 { _ = try await model.complete(prompt) }
        for peer in [first, second] { try await peer.finish() }
        let own =
            #"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"SEALED"},{"type":"function_call","call_id":"a""#
        #expect(bodies.entries.map { $0.contains(own) } == [false, true, true, false])
        #expect(!bodies.entries[3].contains("SEALED") && bodies.entries[3].contains(#""call_id":"a""#))
    }

    @Test("a model without sealed reasoning is asked without it, then and later")
    func refusedOptions() async throws {
        let refusal = #"{"error":{"message":"Encrypted content is not supported with this model.","param":"include"}}"#
        let answer = ResponseFixture.response(ResponseFixture.hello)
        let requests = try await requests([(400, refusal), (200, answer), (200, answer)]) { model, _ in
            for _ in 0..<2 { _ = try await model.answer() }
        }
        #expect(requests.map { $0.body.contains("encrypted_content") } == [true, false, false])
    }

    @Test("sealed reasoning that an upstream cannot read is left out, but for that request alone")
    func unreadableReasoning() async throws {
        let refusal = #"{"error":{"message":"The encrypted content could not be verified.","code":"invalid_encrypted_content"}}"#
        let answer = ResponseFixture.response(Self.sealedItem)
        let requests = try await requests([(200, answer), (400, refusal), (200, answer), (200, answer)]) { model, _ in
            let completion = try await model.answer()
            let history = [PastTurn([Message(role: .user, content: "Hi"), completion.message])]
            _ = try await model.complete(Prompt(history: history, turn: [Message(role: .user, content: "Well?")]))
            _ = try await model.answer()
        }
        #expect(requests.map { $0.body.contains("SEALED") } == [false, true, false, false])
        #expect(requests.map { $0.body.contains("include") } == [true, true, false, true])
    }

    @Test("another refusal is one, and is not repeated")
    func otherRefusal() async throws {
        let refusal = #"{"error":{"message":"too hot","param":"temperature"}}"#
        _ = try await requests([(400, refusal)]) { model, ignore in
            let code = try await model.failure(onDelta: ignore).code
            #expect(code == .refused(status: 400))
        }
    }

    @Test(
        "an error in a stream is the error that it reports",
        arguments: [
            ("rate_limit_exceeded", ModelError.Code.rateLimited), ("context_length_exceeded", .contextTooLong), ("server_error", .failed),
            ("invalid_prompt", .refused(status: 400)),
        ])
    func errors(code: String, expected: ModelError.Code) async throws {
        let error = #"{"code":"\#(code)","message":"no"}"#
        for stream in [
            ResponseFixture.end(status: "failed", error: error), ResponseFixture.event("error", #""code":"\#(code)","message":"no""#),
            ResponseFixture.event("error", #""error":\#(error)"#), ResponseFixture.response(status: "failed", error: error),
        ] {
            _ = try await requests([(200, stream)]) { model, ignore in
                let code = try await model.failure(onDelta: ignore).code
                #expect(code == expected)
            }
        }
    }

    @Test("a stream that breaks off is a failure, and one after its last event is not")
    func cut() async throws {
        let peer = try Peer { peer in
            for stream in [ResponseFixture.delta("Hel"), ResponseFixture.stream] {
                let connection = try peer.accept()
                _ = try connection.request()
                try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.write("\(String(stream.utf8.count, radix: 16))\r\n\(stream)\r\n")
            }
        }
        let model = try UpstreamModel.make(peer.url, api: .responses)
        #expect(try await model.failure { _ in }.code == .failed)
        #expect(try await model.answer { _ in }.content == "Hello, wörld.")
        try await peer.finish()
    }
}
