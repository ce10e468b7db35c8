import CGI
import Chat
import Foundation
import Models
import TestSupport
import Testing

@testable import Sessions
import JSON

@Suite("Streamed responses")
struct StreamingTests {
    @Test("a stream is the role, the content, the finish reason and [DONE]; every chunk has the same id, time and model")
    func stream() async throws {
        let api = try API.streaming(GatedModel(.say("Hel"), .say(""), .say("lo "), .say("你好")))
        let response = await api.stream(options: #""model":"m","#)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
        #expect(response.header("cache-control") == "no-cache, no-transform, no-store")
        #expect(response.header("x-accel-buffering") == "no")
        #expect(response.header("x-request-id") != nil)
        #expect(response.header("idempotency-replayed") == nil)
        var reader = StreamReader(response)
        let chunks = try await reader.chunks()
        #expect(chunks.map { $0.choices[0].delta.content } == ["", "Hel", "lo ", "你好", nil])
        #expect(chunks.map { $0.choices[0].delta.role } == ["assistant", nil, nil, nil, nil])
        #expect(chunks.map { $0.choices[0].finish_reason } == [nil, nil, nil, nil, "stop"])
        #expect(
            chunks.allSatisfy { $0.choices[0].index == 0 && $0.usage == nil && $0.object == "chat.completion.chunk" && $0.model == "m" })
        #expect(Set(chunks.map(\.created)).count == 1)
        let turn = try #require(try await api.sessions.page(of: SessionKey("a"), messages: 10, before: nil).turns.first)
        #expect(Set(chunks.map(\.id)) == ["chatcmpl-" + turn.id.dropFirst("turn-".count)])
        #expect(turn.messages.map(\.content) == ["Hello", "Hello 你好"])
    }

    @Test("chunks have every member that OpenAI's have, and no other")
    func members() async throws {
        var reader = StreamReader(await (try API.streaming(GatedModel(.say("Hi")))).stream())
        let frames = await reader.frames()
        let pattern =
            #/^data: \{"id":"chatcmpl-[a-z0-5]{24}","object":"chat\.completion\.chunk","created":\d+,"model":"nanobot","choices":\[(.*)\]\}$/#
        let choices = frames.dropLast().map { $0.wholeMatch(of: pattern).map { String($0.1) } }
        #expect(
            choices == [
                #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
                #"{"index":0,"delta":{"content":"Hi"},"logprobs":null,"finish_reason":null}"#,
                #"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"#,
            ])
        #expect(frames.last == "data: [DONE]")
    }

    @Test("with include_usage every chunk has usage, which is null except in a last chunk without choices")
    func usage() async throws {
        let api = try API.streaming(GatedModel(.say("Hi")))
        var reader = StreamReader(await api.stream(options: #""stream_options":{"include_usage":true},"#))
        let frames = await reader.frames()
        #expect(frames.count == 5)
        #expect(frames[..<3].allSatisfy { $0.hasSuffix(#""usage":null}"#) })
        #expect(frames[3].hasSuffix(#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#))
        #expect(frames[4] == "data: [DONE]")
        for options in [#""stream_options":{"include_usage":false},"#, #""stream_options":{},"#, #""stream_options":null,"#] {
            var reader = StreamReader(await api.stream(options: options))
            #expect(await reader.frames().allSatisfy { !$0.contains("usage") })
        }
        let response = await api.stream(options: #""stream_options":{"include_usage":"yes"},"#)
        expectError(response, 400, "invalid_value", param: "stream_options.include_usage")
    }

    @Test("a chunk reaches the client before the model makes the next one, and the turn is stored before [DONE]")
    func order() async throws {
        let gates = [Gate(), Gate()]
        let api = try API.streaming(GatedModel(.say("one "), .wait(gates[0]), .say("two"), .wait(gates[1])))
        var reader = StreamReader(await api.stream())
        _ = try await reader.chunk()
        #expect(try await reader.chunk().choices[0].delta.content == "one ")
        gates[0].open()
        #expect(try await reader.chunk().choices[0].delta.content == "two")
        #expect(try api.directory.files == [])
        gates[1].open()
        #expect(try await reader.chunk().choices[0].finish_reason == "stop")
        #expect(try await reader.event() == "[DONE]")
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 1)
    }

    @Test("an error before the first chunk is an error response with its status, and nothing is stored")
    func earlyError() async throws {
        let api = try API.streaming(GatedModel(.say(""), .fail(ModelError(.failed, "broken"))))
        let response = await api.stream()
        #expect(response.status >= 500)
        #expect(response.header("content-type") == "application/json")
        #expect(response.text.hasPrefix(#"{"error":{"message":"#))
        #expect(try api.directory.files == [])
        expectError(await api.stream(session: ""), 400, "invalid_session_key")
    }

    @Test("an error after the first chunk is a last frame, without [DONE], and nothing is stored")
    func lateError() async throws {
        let api = try API.streaming(GatedModel(.say("one"), .fail(ModelError(.failed, "broken"))))
        var reader = StreamReader(await api.stream())
        let frames = await reader.frames()
        #expect(frames.count == 3)
        #expect(frames.last?.hasPrefix(#"data: {"error":{"message":"#) == true)
        #expect(try api.directory.files == [])
    }

    @Test("a turn that cannot be stored ends in an error frame, without [DONE]")
    func unstored() async throws {
        let gate = Gate()
        let api = try API.streaming(GatedModel(.say("one"), .wait(gate)))
        var reader = StreamReader(await api.stream())
        _ = try await reader.chunk()
        _ = try await reader.chunk()
        // A file in the directory's place, because root could write to any directory.
        let path = api.directory.path + "/sessions"
        try FileManager.default.removeItem(atPath: path)
        try Data().write(to: URL(fileURLWithPath: path))
        gate.open()
        let frames = await reader.frames()
        #expect(frames.count == 1)
        #expect(frames[0].contains(#""code":"storage_unavailable""#))
    }

    @Test("a silent stream sends comments, before the first chunk, too; errors are frames from then on")
    func keepAlive() async throws {
        let gates = [Gate(), Gate()]
        let model = GatedModel(.wait(gates[0]), .say("one"), .wait(gates[1]), .fail(ModelError(.failed, "broken")))
        let api = try API.streaming(model, keepAlive: .milliseconds(1))
        let response = await api.stream()
        #expect(response.status == 200)
        var reader = StreamReader(response)
        for _ in 0..<3 { #expect(await reader.frame() == ": keep-alive") }
        gates[0].open()
        _ = try await reader.chunk()
        #expect(try await reader.chunk().choices[0].delta.content == "one")
        for _ in 0..<3 { #expect(await reader.frame() == ": keep-alive") }
        gates[1].open()
        #expect(try await reader.event()?.hasPrefix(#"{"error":"#) == true)
        #expect(await reader.frame() == nil)
    }

    @Test("tool calls, refusals and log probabilities are streamed as they arrive")
    func otherDeltas() async throws {
        let model = GatedModel(
            .say(Delta(toolCalls: [.init(index: 0, id: "call_1", name: "look", arguments: "")])),
            .say(Delta(toolCalls: [.init(index: 0, arguments: #"{"at""#)])), .say(Delta(toolCalls: [.init(index: 0, arguments: ":1}")])),
            .say(Delta(toolCalls: [.init(index: 1, id: "call_2", name: "listen", arguments: "{}")])))
        var reader = StreamReader(await (try API.streaming(model)).stream())
        let chunks = try await reader.chunks()
        let calls = chunks.compactMap { $0.choices[0].delta.tool_calls?[0] }
        #expect(calls.map(\.index) == [0, 0, 0, 1])
        #expect(calls.map(\.id) == ["call_1", nil, nil, "call_2"])
        #expect(calls.map(\.type) == ["function", nil, nil, "function"])
        #expect(calls.map(\.function.name) == ["look", nil, nil, "listen"])
        #expect(calls.map(\.function.arguments) == ["", #"{"at""#, ":1}", "{}"])
        #expect(chunks.last?.choices[0].finish_reason == "tool_calls")

        let refusal = GatedModel(.say(Delta(refusal: "I ")), .say(Delta(refusal: "won't", logprobs: .text(Array(#"{"content":[]}"#.utf8)))))
        var other = StreamReader(await (try API.streaming(refusal)).stream())
        let frames = await other.frames()
        #expect(frames[1].contains(#""delta":{"refusal":"I "},"logprobs":null"#))
        #expect(frames[2].contains(#""delta":{"refusal":"won't"},"logprobs":{"content":[]}"#))
    }

    @Test("a model that says nothing is asked once more, and the text that replaces its answer is a chunk")
    func empty() async throws {
        let api = try API.streaming(ScriptedModel { _ in "" })
        var reader = StreamReader(await api.stream())
        #expect(try await reader.chunks().text == "I've completed processing but have no response to give.")
    }

    @Test("without the setting a stream is refused, and the model is not asked")
    func off() async throws {
        let model = ScriptedModel()
        expectError(await (try API(model)).stream(), 400, "stream_unsupported", param: "stream")
        #expect(await model.count == 0)
    }
}
