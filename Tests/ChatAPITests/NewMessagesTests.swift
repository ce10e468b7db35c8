import CGI
import Chat
import JSON
import Models
import Testing

@testable import ChatAPI
@testable import Sessions

@Suite("What is new in a request")
struct NewMessagesTests {
    private static let question = #"{"role":"user","content":"What time is it?"}"#
    private static let call = called("c1")
    private static let result = resulting("c1")

    private static func called(_ ids: String...) -> String {
        let calls = ids.map { #"{"id":"\#($0)","type":"function","function":{"name":"now","arguments":"{}"}}"# }
        return #"{"role":"assistant","content":null,"tool_calls":[\#(calls.joined(separator: ","))]}"#
    }

    private static func resulting(_ id: String) -> String { #"{"role":"tool","tool_call_id":"\#(id)","content":"result \#(id)"}"# }

    private static func user(_ text: String) -> String { #"{"role":"user","content":"\#(text)"}"# }
    private static func assistant(_ text: String) -> String { #"{"role":"assistant","content":"\#(text)"}"# }

    private func send(_ api: API, _ messages: String..., mode: String = "") async -> Response {
        await api.send(
            "POST", "/v1/chat/completions", headers: ["x-session-mode": mode],
            body: #"{"messages":[\#(messages.joined(separator: ","))]}"#)
    }

    /// What the model was last asked: role and content.
    private func asked(_ model: ScriptedModel) async -> [String] {
        await model.prompts.last?.messages.map { "\($0.role) \($0.toolCalls.isEmpty ? $0.content : "calls")" } ?? []
    }

    /// The messages of each turn: the roles by their first letters.
    private func stored(_ api: API) async throws -> [String] {
        try await api.sessions.page(of: SessionKey("a"), messages: 100).turns.map { turn in
            String(turn.messages.map { $0.role.rawValue.first ?? " " }) + (turn.isGiven ? " given" : "")
        }
    }

    /// A session whose last turn ends with calls.
    private func called(_ ids: [String] = ["c1"]) async throws -> (api: API, model: ScriptedModel) {
        let calls = Completion.make(calls: ids.map { .make($0) }, finishReason: "tool_calls")
        let model = ScriptedModel(completions: [calls, .make("It is noon."), .make("Later.")])
        let api = try API(model)
        #expect(await send(api, Self.question).status == 200)
        return (api, model)
    }

    @Test(
        "results of tools answer the calls of the session, whatever stands behind or between them",
        arguments: [
            ([user("and be brief")], ["user and be brief"]), ([#"{"role":"system","content":"S"}"#], []),
            ([#"{"role":"developer","content":"D"}"#, user("now")], ["user now"]), ([assistant("It is")], []),
            ([assistant("It is"), assistant("about")], []), ([user("one"), user("two")], ["user one", "user two"]),
        ])
    func behindResults(after: [String], expected: [String]) async throws {
        let (api, model) = try await called()
        let messages = [Self.question, Self.call, Self.result] + after
        let body = #"{"messages":[\#(messages.joined(separator: ","))]}"#
        #expect(await api.send("POST", "/v1/chat/completions", body: body).answer == "It is noon.")
        let seen = await asked(model).filter { !$0.hasPrefix("system") && !$0.hasPrefix("developer") }
        #expect(seen == ["user What time is it?", "assistant calls", "tool result c1"] + expected)
        #expect(try await stored(api) == ["ua", "t" + String(repeating: "u", count: expected.count) + "a"])
    }

    @Test("results around a user's message stand behind their calls")
    func around() async throws {
        let (api, model) = try await called(["c1", "c2"])
        let response = await send(
            api, Self.question, Self.called("c1", "c2"), Self.resulting("c1"), Self.user("hurry"), Self.resulting("c2"))
        #expect(response.status == 200)
        #expect(
            await asked(model) == ["user What time is it?", "assistant calls", "tool result c1", "tool result c2", "user hurry"])
        #expect(await !send(api, Self.user("next")).text.contains("There is no result."))
        #expect(await !asked(model).contains("tool There is no result."))
    }

    @Test("all messages of a user are new if there is no assistant's among them, each with its name")
    func severalQuestions() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let picture = #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}],"name":"Zoe"}"#
        #expect(await send(api, picture, #"{"role":"user","content":"What is it?","name":"Bob"}"#).status == 200)
        #expect(await model.prompts.last?.messages.map(\.name) == ["Zoe", "Bob"])
        #expect(try await stored(api) == ["uua"])
        for api in [api, try API(model, in: api.directory)] {
            _ = await send(api, Self.user("And?"), mode: "readonly")
            #expect(await model.prompts.last?.messages.map(\.name) == ["Zoe", "Bob", nil, nil])
        }
    }

    @Test("a new session takes over the conversation that its first request brings; one that has turns does not")
    func past() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let system = #"{"role":"system","content":"S"}"#
        _ = await send(api, system, Self.user("one"), Self.assistant("1"), Self.user("two"), Self.assistant("2"), Self.user("three"))
        let past = ["user one", "assistant 1", "user two", "assistant 2", "user three"]
        #expect(await asked(model) == ["system S"] + past)
        #expect(try await stored(api) == ["uaua given", "ua"])
        for api in [api, try API(model, in: api.directory)] {
            _ = await send(api, Self.user("x"), Self.assistant("y"), Self.user("four"), mode: "readonly")
            #expect(await asked(model) == past + ["assistant Answer 1", "user four"])
        }
        #expect(await api.send("GET", "/v1/session/export").text.contains(#""given":true,"model""#))
    }

    @Test("what the client gave is as many turns for the window, and one line of the file")
    func window() async throws {
        let model = ScriptedModel()
        let api = try API(model) { $0.window.maxTurns = 2 }
        _ = await send(api, Self.user("one"), Self.assistant("1"), Self.user("two"), Self.assistant("2"), Self.user("three"))
        #expect(await model.lastHistory == ["one", "two"])
        for api in [api, try API(model, in: api.directory) { $0.window.maxTurns = 2 }] {
            _ = await send(api, Self.user("four"), mode: "readonly")
            #expect(await model.lastHistory == ["two", "three"])
        }
    }

    @Test("a session whose turns were all taken back is new again")
    func emptied() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await send(api, Self.user("one"))
        #expect(await api.send("POST", "/v1/session/undo").status == 200)
        _ = await send(api, Self.user("x"), Self.assistant("y"), Self.user("two"))
        #expect(await asked(model) == ["user x", "assistant y", "user two"])
        #expect(try await stored(api) == ["ua given", "ua"])
        for api in [api, try API(model, in: api.directory)] {
            _ = await send(api, Self.user("three"), mode: "readonly")
            #expect(await asked(model) == ["user x", "assistant y", "user two", "assistant Answer 2", "user three"])
        }
    }

    @Test("a loop of tools works where nothing is stored, by the calls of the request", arguments: ["ephemeral", "readonly"])
    func unstoredLoop(mode: String) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        #expect(await send(api, Self.user("x"), Self.assistant("y"), Self.question, Self.call, Self.result, mode: mode).status == 200)
        #expect(await asked(model) == ["user x", "assistant y", "user What time is it?", "assistant calls", "tool result c1"])
        #expect(await send(api, Self.result, mode: mode).status == 400)
        #expect(try api.directory.files == [])
    }

    @Test("a loop that the session does not know is stored as the request shows it")
    func foreignLoop() async throws {
        let (api, model) = try await called(["other"])
        #expect(await send(api, Self.user("x"), Self.assistant("y"), Self.question, Self.call, Self.result).status == 200)
        #expect(try await stored(api) == ["ua", "uata"])
        #expect(await asked(model).suffix(3) == ["user What time is it?", "assistant calls", "tool result c1"])
        // Two calls one after the other, both unknown.
        let second = await send(api, Self.question, Self.called("d1"), Self.resulting("d1"), Self.called("d2"), Self.resulting("d2"))
        #expect(second.status == 200)
        #expect(try await stored(api) == ["ua", "uata", "uatata"])
    }

    @Test("an agent that another one used the session of meanwhile shows its calls once, with their results")
    func sharedSession() async throws {
        let model = ScriptedModel(completions: [
            .make(calls: [.make("c1")], finishReason: "tool_calls"), .make(calls: [.make("c2")], finishReason: "tool_calls"),
            .make("Bonjour"), .make("It is Bonjour."), .make("Bye."),
        ])
        let api = try API(model)
        _ = await send(api, Self.question)
        _ = await send(api, Self.question, Self.call, Self.result)
        // Another agent.
        _ = await send(api, Self.user("Hello"))
        let calls = [Self.question, Self.call, Self.result, Self.called("c2"), Self.resulting("c2")]
        #expect(await api.send("POST", "/v1/chat/completions", body: #"{"messages":[\#(calls.joined(separator: ","))]}"#).status == 200)
        let loop = ["user What time is it?", "assistant calls", "tool result c1", "assistant calls", "tool result c2"]
        #expect(await asked(model) == ["user Hello", "assistant Bonjour"] + loop)
        for api in [api, try API(model, in: api.directory)] {
            _ = await send(api, Self.user("next"), mode: "readonly")
            #expect(await asked(model) == ["user Hello", "assistant Bonjour"] + loop + ["assistant It is Bonjour.", "user next"])
        }
    }

    @Test("a loop that begins a new session goes on in it")
    func newLoop() async throws {
        let api = try API()
        #expect(await send(api, Self.user("x"), Self.assistant("y"), Self.question, Self.call, Self.result).status == 200)
        #expect(try await stored(api) == ["ua given", "uata"])
    }

    @Test(
        "what is not new is not looked at",
        arguments: [
            #"{"role":"user","content":[{"type":"video_url","video_url":{}},{"type":"file","file":{}}]}"#,
            #"{"role":"user","content":[]}"#, #"{"role":"user","content":null}"#, #"{"role":"user"}"#, #"{"role":"user","name":7}"#,
            #"{"role":"function","content":5}"#, #"{"role":"robot","content":"x"}"#, #"{"role":"tool","content":[]}"#,
            #"{"role":"system","content":[{"type":"image_url"}]}"#, #"{"role":"assistant","tool_calls":[5,{},{"id":"a"}]}"#,
            #"{"role":"assistant","content":{"a":1},"refusal":5,"tool_calls":{}}"#,
        ])
    func unchecked(message: String) async throws {
        for first in [[Self.user("one")], []] {
            let api = try API()
            for message in first { #expect(await send(api, message).status == 200) }
            #expect(await send(api, Self.user("a"), message, Self.assistant("b"), Self.user("two")).status == 200)
            #expect(await send(api, Self.user("three")).status == 200)
        }
    }

    @Test("the result of an old function call answers it")
    func function() async throws {
        var calling = Completion.make(finishReason: "function_call")
        calling.extras = ExtraMembers(of: ["function_call": ["name": "now", "arguments": "{}"]], besides: [])
        calling.upstream = "u"
        let model = ScriptedModel(completions: [calling, .make("It is noon.")])
        let api = try API(model)
        #expect(await send(api, Self.question).text.contains(#""function_call":{"name":"now","arguments":"{}"}"#))
        #expect(await send(api, #"{"role":"function","name":"later","content":"x"}"#).status == 400)
        #expect(await send(api, #"{"role":"function","name":"now","content":"noon"}"#).answer == "It is noon.")
        #expect(try await stored(api) == ["ua", "fa"])
    }

    @Test("the extras of a client's message go on in its turn, and are not stored")
    func clientExtras() async throws {
        let call =
            #"{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function","#
            + #""function":{"name":"now","arguments":"{}"},"extra_content":{"google":{"thought_signature":"SIG"}}}]}"#
        let model = ScriptedModel()
        let api = try API(model)
        #expect(await send(api, Self.question, call, Self.result).status == 200)
        let sent = await model.prompts.last?.turn[1]
        #expect(sent?.extras["reasoning_content"] == "hm" && sent?.toolCalls.first?.extras["extra_content"] != nil)
        #expect(sent?.upstream == nil)
        #expect(await !api.send("GET", "/v1/session/export").text.contains("SIG"))
    }

    @Test("both askings count if the first answer was nothing, and an answer without text is given as it is")
    func cost() async throws {
        let model = ScriptedModel(completions: [.make(), .make("Yes.")])
        #expect(try await API(model).chat("Hello").text.contains(#""total_tokens":6"#))
        let cut = ScriptedModel(completions: [.make(finishReason: "length"), .make("Yes.")])
        let response = try await API(cut).chat("Hello")
        #expect(response.text.contains(#""content":"""#) && response.text.contains(#""finish_reason":"length""#))
        #expect(await cut.count == 1)
    }

    @Test(
        "a history that is too long is halved once, but no call is parted from its results, and the summary stays",
        arguments: [
            (["ua", "ua", "ua", "ua"], "u", 2), (["ua"], "u", 1), (["ua", "tc", "tc"], "t", nil), (["ua", "ua", "ua", "tc", "tc"], "t", 2),
            (["sa", "ua", "ua"], "u", 1), (["sa"], "u", nil), ([], "u", nil),
        ])
    func halved(history: [String], turn: String, leftOut: Int?) async throws {
        func messages(_ text: String) -> [Message] {
            text.map { Message(role: $0 == "t" ? .tool : $0 == "u" || $0 == "s" ? .user : .assistant, content: "x") }
        }
        let past = history.map { PastTurn(messages($0), isSummary: $0.hasPrefix("s")) }
        var prompt = Prompt(history: past, turn: messages(turn))
        #expect(prompt.leaveOutOlderHalf() == (leftOut != nil))
        let summary = past.filter(\.isSummary)
        #expect(prompt.history == summary + past.dropFirst(summary.count + (leftOut ?? 0)))
    }

    @Test("members that OpenAI's API does not have reach the model apart from the others")
    func otherParameters() async throws {
        let model = ScriptedModel()
        let body =
            #"{"messages":[\#(Self.question)],"top_k":5,"chat_template_kwargs":{"a":1.0},"store":true,"seed":1,"nothing":null,"Model":"x","MESSAGES":[],"\u017ftream":1,"models":["x"],"api_base":"x","é":1}"#
        #expect(try await API(model).send("POST", "/v1/chat/completions", body: body).status == 200)
        let prompt = await model.prompts.last
        #expect(prompt?.otherParameters.map(\.name) == ["top_k", "chat_template_kwargs"])
        #expect(prompt?.parameters.map(\.name) == ["seed"])
    }
}
