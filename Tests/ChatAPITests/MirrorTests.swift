import CGI
import Chat
import Foundation
import JSON
import Models
import Testing

@testable import ChatAPI
@testable import Sessions

/// A front end that owns its conversations, and sends the whole one each time.
@Suite("Sessions that mirror a front end")
struct MirrorTests {
    private func message(_ text: String) -> String {
        let role = text.first == "a" ? "assistant" : "user"
        return #"{"role":"\#(role)","content":"\#(text.dropFirst(2))"}"#
    }

    /// Sends a conversation: `u:…` is what the user says, `a:…` what the assistant said.
    private func send(_ api: API, _ conversation: String..., mode: String = "mirror") async -> Response {
        await api.send(
            "POST", "/v1/chat/completions", headers: KeyValuePairs(dictionaryLiteral: ("x-session-mode", mode)),
            body: #"{"messages":[\#(conversation.map(message).joined(separator: ","))]}"#)
    }

    /// What the model was last asked.
    private func asked(_ model: ScriptedModel) async -> [String] {
        await model.prompts.last?.messages.map { "\($0.role.rawValue.prefix(1)):\($0.content)" } ?? []
    }

    private func stored(_ api: API) async throws -> [[String]] {
        try await api.sessions.page(of: SessionKey("a"), messages: 100).turns.map { turn in
            (turn.isGiven ? ["given"] : []) + turn.messages.map { "\($0.role.rawValue.prefix(1)):\($0.content)" }
        }
    }

    /// The turns of each file in the archive.
    private func archived(_ api: API) throws -> [[[String]]] {
        struct File: Decodable {
            struct Turn: Decodable {
                struct Message: Decodable { var content: String? }
                var messages: [Message]
            }
            var turns: [Turn]
        }
        let directory = api.directory.path + "/archive"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return try names.map { name in
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
            return try JSONDecoder().decode(File.self, from: data).turns.map { $0.messages.map { $0.content ?? "" } }
        }.sorted { "\($0)" < "\($1)" }
    }

    /// A session of three turns: one, two, three.
    private func made() async throws -> (api: API, model: ScriptedModel) {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await send(api, "u:one")
        _ = await send(api, "u:one", "a:Answer 1", "u:two")
        _ = await send(api, "u:one", "a:Answer 1", "u:two", "a:Answer 2", "u:three")
        return (api, model)
    }

    private static let first = ["u:one", "a:Answer 1"]
    private static let second = ["u:two", "a:Answer 2"]
    private static let third = ["u:three", "a:Answer 3"]

    @Test("a conversation that goes on is added to, turn by turn")
    func goesOn() async throws {
        let (api, model) = try await made()
        #expect(try await stored(api) == [Self.first, Self.second, Self.third])
        #expect(await asked(model) == Self.first + Self.second + ["u:three"])
        #expect(try archived(api) == [])
    }

    @Test("the retry of a failed request for another answer gets another answer")
    func failedRegeneration() async throws {
        struct Broken: Error {}
        let api = try API(
            ScriptedModel { number in
                guard number != 2 else { throw Broken() }
                return "Answer \(number)"
            })
        let body = #"{"messages":[{"role":"user","content":"one"}]}"#
        func send(_ retryCount: String) async -> Response {
            let headers: KeyValuePairs = ["x-session-mode": "mirror", "x-stainless-retry-count": retryCount]
            return await api.send("POST", "/v1/chat/completions", headers: headers, body: body)
        }
        #expect(await send("0").answer == "Answer 1")
        #expect(await send("0").status == 502)
        #expect(await send("1").answer == "Answer 3")
        #expect(await send("2").answer == "Answer 3")
    }

    @Test("an answer that is asked for again takes the place of the first one, which goes to the archive")
    func regenerate() async throws {
        let (api, model) = try await made()
        let response = await send(api, "u:one", "a:Answer 1", "u:two", "a:Answer 2", "u:three")
        #expect(response.answer == "Answer 4" && response.header("idempotency-replayed") == nil)
        #expect(await asked(model) == Self.first + Self.second + ["u:three"])
        #expect(try await stored(api) == [Self.first, Self.second, ["u:three", "a:Answer 4"]])
        #expect(try archived(api) == [[["three", "Answer 3"]]])
        for api in [api, try API(model, in: api.directory)] {
            _ = await send(api, "u:x", mode: "readonly")
            #expect(await asked(model) == Self.first + Self.second + ["u:three", "a:Answer 4", "u:x"])
        }
    }

    @Test("a question that is changed cuts the session there")
    func edit() async throws {
        let (api, model) = try await made()
        _ = await send(api, "u:one", "a:Answer 1", "u:zwei")
        #expect(await asked(model) == Self.first + ["u:zwei"])
        #expect(try await stored(api) == [Self.first, ["u:zwei", "a:Answer 4"]])
        #expect(try archived(api) == [[["two", "Answer 2"], ["three", "Answer 3"]]])
    }

    @Test("an answer that is changed, and a conversation that lost its middle, are what the front end shows")
    func changedAnswer() async throws {
        let (api, model) = try await made()
        let shown = ["u:one", "a:Answer 1", "u:two", "a:Better", "u:four"]
        _ = await send(api, "u:one", "a:Answer 1", "u:two", "a:Better", "u:four")
        #expect(await asked(model) == shown)
        #expect(try await stored(api) == [Self.first, ["given", "u:two", "a:Better"], ["u:four", "a:Answer 4"]])
        _ = await send(api, "u:two", "a:Better", "u:four", "a:Answer 4", "u:five")
        #expect(try await stored(api).count == 4)
        #expect(await asked(model) == ["u:two", "a:Better", "u:four", "a:Answer 4", "u:five"])
    }

    @Test("the first question can be asked again, and another conversation begins the session anew")
    func beginning() async throws {
        let (api, model) = try await made()
        _ = await send(api, "u:one")
        #expect(await asked(model) == ["u:one"])
        #expect(try await stored(api) == [["u:one", "a:Answer 4"]])
        _ = await send(api, "u:x", "a:y", "u:z")
        #expect(await asked(model) == ["u:x", "a:y", "u:z"])
        #expect(try await stored(api) == [["given", "u:x", "a:y"], ["u:z", "a:Answer 5"]])
        #expect(try archived(api) == [[["one", "Answer 1"], ["two", "Answer 2"], ["three", "Answer 3"]], [["one", "Answer 4"]]])
    }

    @Test("a front end that leaves out the beginning of a long conversation loses nothing")
    func shortened() async throws {
        let (api, model) = try await made()
        _ = await send(api, "u:two", "a:Answer 2", "u:three", "a:Answer 3", "u:four")
        #expect(await asked(model) == Self.second + Self.third + ["u:four"])
        #expect(try await stored(api) == [Self.first, Self.second, Self.third, ["u:four", "a:Answer 4"]])
        // In the middle of a turn.
        _ = await send(api, "a:Answer 2", "u:three", "a:Answer 3", "u:four", "a:Answer 4", "u:five")
        #expect(try await stored(api).count == 5)
        #expect(try archived(api) == [])
    }

    @Test("what repeats is found at its newest place")
    func repetition() async throws {
        let model = ScriptedModel { _ in "ok" }
        let api = try API(model)
        for _ in 0..<3 { _ = await send(api, "u:go", mode: "normal") }
        _ = await send(api, "u:go", "a:ok", "u:go", "a:ok", "u:go", "a:ok", "u:go")
        #expect(try await stored(api).count == 4)
        _ = await send(api, "u:go", "a:ok", "u:go")
        #expect(try await stored(api).count == 5)
        #expect(try archived(api) == [])
    }

    @Test(
        "the front end's copy may differ in white space and lack the model's thoughts",
        arguments: [
            ("<think>hm\n<details></think> It is noon. ", "It is noon."), ("It is\nnoon.", "\\n It is  \\r\\nnoon.\\n\\n"),
            ("<details type=\"reasoning\"><summary>Thought</summary></details>\nIt is noon.", "It is noon."),
        ])
    func thoughts(answer: String, copy: String) async throws {
        let model = ScriptedModel { _ in answer }
        let api = try API(model)
        _ = await send(api, "u:What time is it?")
        _ = await send(api, "u:What time is it?", "a:" + copy, "u:two")
        #expect(try await stored(api).count == 2 && archived(api) == [])
        #expect(await model.prompts.last?.messages[1].content == answer)
    }

    @Test("a front end shows only a part of what it once gave, or changes what a tool said or a text is indented by: the model sees that")
    func parts() async throws {
        let model = ScriptedModel { _ in "if x:\n    y()" }
        let api = try API(model)
        _ = await send(api, "u:1", "a:one", "u:2", "a:two", "u:3")
        _ = await send(api, "u:2", "a:two", "u:3", "a:if x:\\n    y()", "u:4")
        #expect(await asked(model) == ["u:2", "a:two", "u:3", "a:if x:\n    y()", "u:4"])
        #expect(try await stored(api).count == 3)
        _ = await send(api, "u:3", "a:if x:\\ny()", "u:4")
        #expect(await asked(model) == ["u:3", "a:if x:\ny()", "u:4"])
    }

    @Test("calls under other ids are what the request shows, once")
    func otherIDs() async throws {
        let model = ScriptedModel(completions: [.make("let me check", calls: [.make("c1")], finishReason: "tool_calls"), .make("noon")])
        let api = try API(model)
        _ = await send(api, "u:when?")
        let call =
            #"{"role":"assistant","content":"let me check","tool_calls":[{"id":"z","type":"function","function":{"name":"now","arguments":"{}"}}]}"#
        let body = #"{"messages":[\#(message("u:when?")),\#(call),{"role":"tool","tool_call_id":"z","content":"12"}]}"#
        #expect(await api.send("POST", "/v1/chat/completions", headers: ["x-session-mode": "mirror"], body: body).answer == "noon")
        #expect(await asked(model) == ["u:when?", "a:let me check", "t:12"])
        #expect(try await stored(api).joined().filter { $0 == "u:when?" }.count == 1)
    }

    @Test("calls of tools that the front end does not show stay in the session, and those that it shows are told apart")
    func tools() async throws {
        let call = Completion.make(calls: [.make("c1")], finishReason: "tool_calls")
        let model = ScriptedModel(completions: [call, .make("noon"), .make("Later."), call, .make("one")])
        let api = try API(model)
        let shownCall =
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}}]}"#
        let result = #"{"role":"tool","tool_call_id":"c1","content":"12"}"#
        func send(_ messages: String...) async -> Response {
            await api.send(
                "POST", "/v1/chat/completions", headers: ["x-session-mode": "mirror"],
                body: #"{"messages":[\#(messages.joined(separator: ","))]}"#)
        }
        _ = await send(message("u:when?"))
        #expect(await send(message("u:when?"), shownCall, result).answer == "noon")
        #expect(await send(message("u:when?"), message("a:noon"), message("u:and?")).answer == "Later.")
        #expect(try await stored(api).map(\.count) == [2, 2, 2] && archived(api) == [])
        #expect(await model.prompts.last?.messages.map(\.role) == [.user, .assistant, .tool, .assistant, .user])
        // The result again: the answer behind it goes, and what follows.
        _ = await send(message("u:when?"), shownCall, result)
        #expect(try await stored(api).map(\.count) == [2, 2] && archived(api).count == 1)
    }

    @Test("a call that the front end shows as text is what it shows, not a call without a result")
    func callsAsText() async throws {
        let model = ScriptedModel(completions: [.make(calls: [.make("c1")], finishReason: "tool_calls"), .make("noon"), .make("Bye.")])
        let api = try API(model)
        _ = await send(api, "u:when?")
        _ = await send(api, "u:when?", "a:Calling now", "u:Observation 12")
        #expect(await asked(model) == ["u:when?", "a:Calling now", "u:Observation 12"])
        #expect(try await stored(api) == [["given", "u:when?", "a:Calling now"], ["u:Observation 12", "a:noon"]])
        _ = await send(api, "u:when?", "a:Calling now", "u:Observation 12", "a:noon", "u:thanks")
        #expect(try await stored(api).count == 3 && archived(api).count == 1)
    }

    @Test("a turn that fails changes nothing")
    func failure() async throws {
        let model = ScriptedModel { number in
            guard number < 3 else { throw ModelError(.failed, "no") }
            return "Answer \(number)"
        }
        let api = try API(model)
        _ = await send(api, "u:one")
        _ = await send(api, "u:one", "a:Answer 1", "u:two")
        #expect(await send(api, "u:eins", "a:x", "u:y").status == 502)
        #expect(await send(api, "u:one").status == 502)
        #expect(try await stored(api) == [Self.first, Self.second] && archived(api) == [])
    }

    @Test("a retry of a turn that cut the session gets its answer")
    func retry() async throws {
        let (api, model) = try await made()
        func send(_ count: String) async -> Response {
            await api.send(
                "POST", "/v1/chat/completions", headers: ["x-session-mode": "mirror", "x-stainless-retry-count": count],
                body: API.body("one"))
        }
        let answer = await send("0").answer
        #expect(await send("1").answer == answer)
        #expect(await model.count == 4)
        #expect(try await stored(api) == [["u:one", "a:Answer 4"]])
    }

    @Test("the operator can make it the mode of all requests, and name the header of a front end's own tasks")
    func settings() async throws {
        let model = ScriptedModel()
        let api = try API(
            model,
            configure: {
                $0.mirrors = true
                $0.taskHeader = "x-task"
            })
        _ = await api.chat("one")
        _ = await api.chat("title?", headers: ["X-Task": "title", "x-session-mode": "mirror"])
        _ = await api.chat("zero", headers: ["X-Task": "", "x-session-mode": "readonly"])
        #expect(try await stored(api) == [["u:one", "a:Answer 1"]])
        _ = await api.chat("two", headers: ["x-session-mode": "normal"])
        _ = await api.chat("three")
        #expect(try await stored(api) == [["u:three", "a:Answer 5"]])
    }

    @Test("removing a session removes what the archive has of it, and of no other")
    func removal() async throws {
        let (api, _) = try await made()
        _ = await send(api, "u:one")
        for key in ["a.b", "a"] {
            _ = await api.chat("x", session: key, headers: ["x-session-mode": "mirror"])
            _ = await api.chat("y", session: key, headers: ["x-session-mode": "mirror"])
        }
        #expect(try archived(api).count == 4)
        #expect(await api.send("DELETE", "/v1/session").status == 200)
        #expect(try archived(api) == [[["x", "Answer 5"]]])
    }
}
