import Chat
import Foundation
import CGI
import Models
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON

@Suite("Turns with tools")
struct ToolTurnTests {
    private static let calls = [Message.ToolCall.make("a", arguments: "{\"zone\":\"UTC\"}"), .make("b", name: "weather")]

    /// A session whose last turn ends with two tool calls.
    private func called(
        _ completions: [Completion] = [.make("It is noon."), .make("Later.")], change: (inout SessionStore.Settings) -> Void = { _ in }
    ) async throws -> (api: API, model: ScriptedModel) {
        let model = ScriptedModel(completions: [.make(calls: Self.calls, finishReason: "tool_calls")] + completions)
        let api = try API(model, change)
        #expect(await api.chat("What time is it?").status == 200)
        return (api, model)
    }

    private func results(_ ids: String..., before: String = "") -> String {
        let results = ids.map { #"{"role":"tool","tool_call_id":"\#($0)","content":"result \#($0)"}"# }
        return #"{"messages":[\#(before)\#(results.joined(separator: ","))]}"#
    }

    private func send(_ api: API, _ body: String, headers: KeyValuePairs<String, String> = [:]) async -> Response {
        await api.send("POST", "/v1/chat/completions", headers: headers, body: body)
    }

    @Test("tool calls are returned to the client and stored", arguments: ["tool_calls", "stop"])
    func calls(finishReason: String) async throws {
        let completion = Completion.make(calls: Self.calls, finishReason: finishReason)
        let api = try API(ScriptedModel(completions: [completion]))
        let response = await api.chat("What time is it?")
        let calls =
            #""tool_calls":[{"id":"a","type":"function","function":{"name":"now","arguments":"{\"zone\":\"UTC\"}"}},"#
            + #"{"id":"b","type":"function","function":{"name":"weather","arguments":"{}"}}]"#
        #expect(
            response.text.contains(
                #""message":{"role":"assistant","content":null,"refusal":null,"annotations":[],\#(calls)},"logprobs":null,"#
                    + #""finish_reason":"tool_calls""#))
        let stored = #"{"role":"assistant","content":null,\#(calls)"#
        #expect(await api.send("GET", "/v1/session/export").text.contains(stored + "}]"))
        #expect(await api.send("GET", "/v1/session").text.contains(stored + ","))
        let markdown = await api.send("GET", "/v1/session/export?format=markdown").text
        #expect(markdown.contains("Calls `now`:\n\n    {\"zone\":\"UTC\"}\n"))
    }

    @Test(
        "tool results continue the turn, whether or not the client repeats the history",
        arguments: [
            "", #"{"role":"user","content":"What time is it?"},{"role":"assistant","content":null,"tool_calls":[{"id":"zzz"}]},"#,
        ])
    func continuation(before: String) async throws {
        let (api, model) = try await called()
        #expect(await send(api, results("b", "a", before: before)).answer == "It is noon.")
        let messages = await model.prompts.last?.messages
        #expect(messages?.map(\.role) == [.user, .assistant, .tool, .tool])
        #expect(messages?.map(\.toolCallID) == [nil, nil, "b", "a"])
        let turns = try await api.sessions.page(of: SessionKey("a"), messages: 10).turns
        #expect(turns.map { $0.messages.map(\.role) } == [[.user, .assistant], [.tool, .tool, .assistant]])
        #expect(turns[1].messages[0] == Message(role: .tool, content: "result b", toolCallID: "b"))

        #expect(await api.chat("Thanks").answer == "Later.")
        let later = await model.prompts.last?.messages
        #expect(later?.map(\.role) == [.user, .assistant, .tool, .tool, .assistant, .user])
    }

    @Test(
        "a tool result without a matching call, or a second one for the same call, is refused before the model is asked",
        arguments: [(["c"], 0), (["a", "c"], 1), (["a", "a"], 1), ([""], 0)])
    func unknown(ids: [String], index: Int) async throws {
        let (api, model) = try await called()
        let list = ids.map { #"{"role":"tool","tool_call_id":"\#($0)","content":"x"}"# }.joined(separator: ",")
        let body = #"{"messages":[{"role":"user","content":"x"},\#(list)]}"#
        expectError(await send(api, body), 400, "invalid_messages", param: "messages[\(index + 1)].tool_call_id")
        #expect(await model.count == 1)
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 1)
    }

    @Test("tool results are refused if no turn waits for them")
    func nothingWaits() async throws {
        let (api, model) = try await called()
        expectError(
            await send(api, results("a"), headers: ["x-session-mode": "ephemeral"]), 400, "invalid_messages",
            param: "messages[0].tool_call_id")
        let other = await api.send("POST", "/v1/chat/completions", session: "new", body: results("a"))
        expectError(other, 400, "invalid_messages", param: "messages[0].tool_call_id")
        #expect(try api.directory.files == ["a.json"])
        _ = await send(api, results("a", "b"))
        expectError(await send(api, results("a", "b")), 400, "invalid_messages", param: "messages[0].tool_call_id")
        #expect(await model.count == 2)
    }

    @Test("turns that are not stored may continue with the same tool results again and again")
    func readonly() async throws {
        let (api, _) = try await called()
        for _ in 0..<2 {
            #expect(await send(api, results("a", "b"), headers: ["x-session-mode": "readonly"]).status == 200)
        }
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 1)
    }

    @Test(
        "a retry of tool results gets the stored answer",
        arguments: [("idempotency-key", "k", "k"), ("x-message-id", "m", "m"), ("x-stainless-retry-count", "0", "1")])
    func retry(header: String, first: String, second: String) async throws {
        let (api, model) = try await called()
        func send(_ value: String) async -> Response {
            await api.send(
                "POST", "/v1/chat/completions", headers: KeyValuePairs(dictionaryLiteral: (header, value)), body: results("a", "b"))
        }
        let response = await send(first)
        #expect(response.answer == "It is noon.")
        let again = await send(second)
        #expect(again.text == response.text && again.header("idempotency-replayed") == "true")
        #expect(await model.count == 2)
    }

    @Test("tool results after an undo continue the turn again")
    func undo() async throws {
        let (api, _) = try await called()
        _ = await send(api, results("a", "b"))
        _ = await api.send("POST", "/v1/session/undo")
        #expect(await send(api, results("a", "b")).answer == "Later.")
    }

    @Test("the model sees a result for every tool call; if the client gave none, the result says so")
    func unanswered() async throws {
        let (api, model) = try await called()
        #expect(await send(api, results("b")).status == 200)
        #expect(await model.prompts.last?.messages.map(\.toolCallID) == [nil, nil, "b", "a"])
        let (other, otherModel) = try await called()
        _ = await other.chat("Never mind")
        let messages = await otherModel.prompts.last?.messages
        #expect(messages?.map(\.toolCallID) == [nil, nil, "a", "b", nil])
        #expect(messages?.last?.content == "Never mind")
        #expect(await !other.send("GET", "/v1/session/export").text.contains("There is no result."))
    }

    @Test("the context window never separates a tool call from its results, from the cache and from the file", arguments: [1, 2, 3])
    func window(maxTurns: Int) async throws {
        let model = ScriptedModel(completions: [
            .make("Hi"), .make(calls: Self.calls), .make(calls: [.make("c")]), .make("Done."), .make("Yes."),
        ])
        let api = try API(model) { $0.window.maxTurns = maxTurns }
        _ = await api.chat("Hello")
        _ = await api.chat("What time is it?")
        _ = await send(api, results("a", "b"))
        #expect(await send(api, results("c")).answer == "Done.")
        for api in [api, try API(model, in: api.directory, { $0.window.maxTurns = maxTurns })] {
            #expect(await api.chat("Sure?", headers: ["x-session-mode": "readonly"]).answer == "Yes.")
            #expect(await model.lastHistory == ["What time is it?", "result a", "result c"])
            #expect(await model.prompts.last?.messages.count == 8)
        }
        _ = await api.chat("Sure?")
        _ = await api.chat("Really?")
        // The three turns stay together.
        #expect(await model.lastHistory == ["Sure?"])
    }

    @Test("a refusal and log probabilities are returned; a replay has no log probabilities")
    func refusalAndLogprobs() async throws {
        let logprobs = JSONValue.text(Array(#"{"content":[{"token":"x","logprob":-0.10}]}"#.utf8))
        let model = ScriptedModel(completions: [.make(refusal: "I will not.", logprobs: logprobs)])
        let api = try API(model)
        for expected in [#""logprobs":{"content":[{"token":"x","logprob":-0.10}]},"#, #""logprobs":null,"#] {
            let response = await api.chat("Hello", headers: ["idempotency-key": "k"])
            #expect(response.text.contains(expected))
            #expect(response.text.contains(#"{"role":"assistant","content":null,"refusal":"I will not.","annotations":[]}"#))
        }
        #expect(await model.count == 1)
    }

    @Test("an answer with only tool calls is not empty; for an empty answer the model is asked once more")
    func emptyAnswer() async throws {
        let (_, model) = try await called()
        #expect(await model.count == 1)
        let silent = ScriptedModel(completions: [.make(), .make("Yes.")])
        #expect(try await API(silent).chat("Hello").answer == "Yes.")
        #expect(await silent.count == 2)
    }
}
