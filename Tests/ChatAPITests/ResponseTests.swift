import Access
import CGI
import Chat
import Foundation
import Models
import SystemPackage
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON

/// A response of the Responses API as a client reads it.
extension Response {
    var json: JSONValue { (try? JSONField(parsing: bytes).value) ?? .null }
    var id: String { json.member("id")?.string ?? "" }

    /// All texts of the answer.
    var outputText: String {
        (json.member("output")?.elements ?? []).flatMap { $0.member("content")?.elements ?? [] }
            .compactMap { $0.member("text")?.string }.joined()
    }

    /// The types of the answer's items.
    var outputTypes: [String] { (json.member("output")?.elements ?? []).compactMap { $0.member("type")?.string } }
}

@Suite("The Responses API")
struct ResponseTests {
    /// Sends a request with these members.
    private func create(
        _ api: API, _ members: String, session: String? = nil, headers: KeyValuePairs<String, String> = [:]
    ) async -> Response {
        await api.send("POST", "/v1/responses", session: session, headers: headers, body: "{\(members)}")
    }

    private func input(_ text: String, after previous: String? = nil) -> String {
        #""input":"\#(text)""# + (previous.map { #","previous_response_id":"\#($0)""# } ?? "")
    }

    /// The last messages that the model saw.
    private func seen(_ model: ScriptedModel) async -> [String] {
        await model.prompts.last.map { prompt in (prompt.history.flatMap(\.messages) + prompt.turn).map(\.content) } ?? []
    }

    // MARK: State

    @Test("a chain of responses is one conversation, and an older response begins another one")
    func chain() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await create(api, input("one"))
        #expect(first.status == 200 && first.outputText == "Answer 1" && first.id.utf8.count <= 64)
        let second = await create(api, input("two", after: first.id))
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        #expect(try api.directory.files.count == 1)
        let fork = await create(api, input("other", after: first.id))
        #expect(await seen(model) == ["one", "Answer 1", "other"])
        #expect(try api.directory.files.count == 2)
        _ = await create(api, input("three", after: second.id))
        #expect(await seen(model) == ["one", "Answer 1", "two", "Answer 2", "three"])
        _ = await create(api, input("more", after: fork.id))
        #expect(await seen(model) == ["one", "Answer 1", "other", "Answer 3", "more"])
        #expect(try api.directory.files.count == 2)
        for response in [first, second, fork] {
            #expect(await api.send("GET", "/v1/responses/\(response.id)", session: nil).text == response.text)
        }
    }

    @Test("a session is the same for both APIs, and instructions hold for their turn only")
    func bothAPIs() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await create(api, input("one") + #","instructions":"Be brief.""#, session: "a")
        #expect(await model.prompts.last?.instructions.map(\.content) == ["Be brief."])
        #expect(await api.chat("two").status == 200)
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        // What the client repeats of the session is not new.
        let items = #""input":[{"role":"user","content":"two"},{"role":"assistant","content":"x"},{"role":"user","content":"three"}]"#
        let third = await create(api, items, session: "a")
        #expect(await seen(model) == ["one", "Answer 1", "two", "Answer 2", "three"])
        #expect(await model.prompts.last?.instructions.isEmpty ?? false)
        #expect(await create(api, input("four", after: third.id), session: "a").status == 200)
        expectError(
            await create(api, input("five", after: third.id), session: "b"), 400, "previous_response_not_found",
            param: "previous_response_id")
        #expect(await create(api, input("five") + #","conversation":{"id":"a"}"#).json.member("conversation") == ["id": "a"])
        #expect(await seen(model).count == 9)
        expectError(await create(api, input("x") + #","conversation":"a""#, session: "b"), 400, "invalid_value", param: "conversation")
    }

    @Test("system messages of a chain stay in it; those of a named session are this turn's")
    func systemMessages() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let items = #""input":[{"role":"developer","content":"Be brief."},{"role":"user","content":"one"}]"#
        let first = await create(api, items)
        _ = await create(api, input("two", after: first.id))
        #expect(await model.prompts.last?.messages.map(\.content) == ["Be brief.", "one", "Answer 1", "two"])
        _ = await create(api, items, session: "a")
        _ = await create(api, input("two"), session: "a")
        #expect(await model.prompts.last?.messages.map(\.content) == ["one", "Answer 3", "two"])
    }

    @Test("everything behind a previous response is new, an assistant's words included")
    func newInput() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await create(api, input("one"))
        let items = #"[{"role":"user","content":"p"},{"role":"assistant","content":"q"},{"role":"user","content":"two"}]"#
        let second = await create(api, #""input":\#(items),"previous_response_id":"\#(first.id)""#)
        #expect(await seen(model) == ["one", "Answer 1", "p", "q", "two"])
        _ = await create(api, input("three", after: second.id))
        #expect(await seen(model) == ["one", "Answer 1", "p", "q", "two", "Answer 2", "three"])
        let list = await api.send("GET", "/v1/responses/\(second.id)/input_items?order=asc", session: nil)
        #expect(list.json.member("data")?.elements?.compactMap { $0.member("role")?.string } == ["user", "assistant", "user"])
    }

    @Test("without store nothing is kept, and the id leads nowhere")
    func noStore() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await create(api, input("one"))
        let second = await create(api, input("two", after: first.id) + #","store":false"#)
        #expect(second.json.member("store") == false)
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        expectError(await api.send("GET", "/v1/responses/\(second.id)", session: nil), 404, "not_found")
        let alone = await create(api, input("three") + #","store":false"#)
        #expect(alone.status == 200)
        #expect(await seen(model) == ["three"])
        expectError(await create(api, input("x", after: alone.id)), 400, "previous_response_not_found", param: "previous_response_id")
        #expect(try api.directory.files.count == 1)
    }

    @Test("a request with an idempotency key is one response, wherever it went")
    func exactlyOnce() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        func twice(_ members: String, key: String) async -> Response {
            let first = await create(api, members, headers: ["Idempotency-Key": key])
            let again = await create(api, members, headers: ["Idempotency-Key": key])
            #expect(again.text == first.text && again.header("idempotency-replayed") == "true", "\(again.text)")
            return first
        }
        let new = await twice(input("one"), key: "1")
        let second = await twice(input("two", after: new.id), key: "2")
        let fork = await twice(input("three", after: new.id), key: "3")
        #expect(Set([new.id, second.id, fork.id]).count == 3)
        #expect(await create(api, input("one"), headers: ["Idempotency-Key": "4"]).id != new.id)
        #expect(await model.count == 4)
        // Also after the session has gone on.
        _ = await create(api, input("four", after: second.id))
        #expect(await create(api, input("one"), headers: ["Idempotency-Key": "1"]).text == new.text)
        expectError(
            await create(api, input("other", after: second.id), headers: ["Idempotency-Key": "1"]), 409, "idempotency_key_conflict")
    }

    @Test("two chains from one response at once are two conversations")
    func together() async throws {
        let api = try API()
        let first = await create(api, input("one"))
        let ids = await withTaskGroup(of: Response.self) { group in
            for number in 0..<8 { group.addTask { await create(api, input("\(number)", after: first.id)) } }
            var ids: Set<String> = []
            for await response in group {
                #expect(response.status == 200)
                ids.insert(response.id)
            }
            return ids
        }
        #expect(ids.count == 8)
        #expect(try api.directory.files.count == 8)
        for id in ids { #expect(await api.send("GET", "/v1/responses/\(id)", session: nil).status == 200) }
    }

    // MARK: Ids

    @Test("an id that was undone, removed, cut, changed or is another API's leads nowhere")
    func ids() async throws {
        let api = try API()
        let first = await create(api, input("one"), session: "a")
        let second = await create(api, input("two"), session: "a")
        let third = await create(api, input("three"), session: "a")
        #expect(await api.send("POST", "/v1/session/undo").status == 200)
        expectError(await api.send("GET", "/v1/responses/\(third.id)", session: nil), 404, "not_found")
        #expect(await api.send("DELETE", "/v1/responses/\(first.id)", session: nil).json.member("deleted") == true)
        expectError(await api.send("DELETE", "/v1/responses/\(first.id)", session: nil), 404, "not_found")
        #expect(await api.send("GET", "/v1/responses/\(second.id)", session: nil).text == second.text)
        #expect(await api.send("POST", "/v1/session/fork", body: #"{"to":"b"}"#).status == 200)
        let chat = await api.chat("Hello", session: "c").json.member("id")?.string ?? ""
        let bad = [
            String(second.id.dropLast()), second.id + "a", second.id.replacing("resp_", with: "msg_"), chat, "resp_", "resp_é", "",
            String(repeating: "a", count: 10_000), second.id.uppercased(), "resp_" + String(repeating: "z", count: 59),
        ]
        for id in bad {
            expectError(await create(api, input("x", after: id)), 400, "previous_response_not_found", param: "previous_response_id")
            guard !id.isEmpty else { continue }
            expectError(await api.send("GET", "/v1/responses/\(id)", session: nil), 404, "not_found")
        }
        #expect(await api.send("DELETE", "/v1/session").status == 200)
        expectError(await api.send("GET", "/v1/responses/\(second.id)", session: nil), 404, "not_found")
    }

    @Test("a key reaches the responses of its scope, and the unnamed ones that it began, and no others")
    func scopes() async throws {
        let directory = try DataDirectory()
        let file = KeyFile(FilePath(directory.path + "/keys.json"))
        var secrets: [String] = []
        for name in ["wx", "tg"] {
            var key = APIKey(
                name: name, scopes: [try #require(SessionScope(name + ":"))], permissions: [.chat, .read, .write],
                created: Date(timeIntervalSince1970: 1_700_000_000))
            secrets.append(key.rotate(grace: 0, now: Date()))
            try file.change { [key] ring throws(KeyFileError) in try ring.add(key) }
        }
        let api = try API(in: directory, keys: file)
        let (own, other): (KeyValuePairs<String, String>, KeyValuePairs<String, String>) = (["x-api-key": secrets[0]], ["x-api-key": secrets[1]])
        for session in [nil, "wx:a"] {
            let response = await create(api, input("one"), session: session, headers: own)
            #expect(response.status == 200)
            #expect(await api.send("GET", "/v1/responses/\(response.id)", session: nil, headers: own).text == response.text)
            for method in ["GET", "DELETE"] {
                expectError(await api.send(method, "/v1/responses/\(response.id)", session: nil, headers: other), 404, "not_found")
            }
            expectError(
                await create(api, input("x", after: response.id), headers: other), 400, "previous_response_not_found",
                param: "previous_response_id")
            #expect(await create(api, input("two", after: response.id), headers: own).status == 200)
        }
        expectError(await create(api, input("x"), session: "tg:a", headers: own), 403, "session_not_allowed")
    }

    // MARK: Items

    @Test("calls go out and results come back, by their ids or by references to stored items")
    func tools() async throws {
        let calls = [Message.ToolCall.make("call_1", name: "now", arguments: #"{"zone":"UTC"}"#), .make("call_2")]
        let model = ScriptedModel(completions: [.make(calls: calls, finishReason: "tool_calls"), .make("It is noon."), .make("Later.")])
        let api = try API(model)
        let tools = #""tools":[{"type":"function","name":"now","parameters":{"type":"object"}},{"type":"custom","name":"x"}]"#
        let first = await create(api, input("What time is it?") + "," + tools)
        #expect(first.outputTypes == ["function_call", "function_call"])
        let offered = await model.prompts[0].parameters.first { $0.name == "tools" }?.value
        #expect(offered == [["type": "function", "function": ["name": "now", "parameters": ["type": "object"]]]])
        let results = ["call_2", "call_1"].map { #"{"type":"function_call_output","call_id":"\#($0)","output":"12"}"# }
        let second = await create(
            api, #""input":[\#(results.joined(separator: ","))],"previous_response_id":"\#(first.id)""#)
        #expect(second.outputText == "It is noon.")
        // The same without state: the calls are references to the items that were stored.
        let references = (first.json.member("output")?.elements ?? []).map { item in
            #"{"type":"item_reference","id":"\#(item.member("id")?.string ?? "")"}"#
        }
        let all = [#"{"role":"user","content":"What time is it?"}"#] + references + results
        let third = await create(api, #""input":[\#(all.joined(separator: ","))]"#)
        #expect(third.outputText == "Later.")
        #expect(await model.prompts.last?.messages.map(\.role) == [.user, .assistant, .tool, .tool])
        for (items, path) in [
            (#"{"type":"function_call_output","call_id":"call_9","output":"x"}"#, "input[0].call_id"),
            (#"{"type":"item_reference","id":"\#(first.id)"}"#, "input[0].id"),
        ] {
            let response = await create(api, #""input":[\#(items)]"#)
            #expect(response.status == (path.hasSuffix("call_id") ? 400 : 404), "\(response.text)")
            #expect(response.text.contains(#""param":"\#(path)""#), "\(response.text)")
        }
    }

    @Test(
        "thoughts, words and calls of one answer are one message, in whichever order they stand",
        arguments: [["r", "m", "c"], ["c", "r", "m"], ["r", "c", "r", "d"], ["m", "c", "d"], ["c", "m", "r"], ["c", "d"]])
    func answers(order: [String]) async throws {
        let model = ScriptedModel()
        let items = [
            "r": #"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]}"#,
            "m": #"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Wait."}]}"#,
            "c": #"{"type":"function_call","call_id":"c","name":"now","arguments":"{}"}"#,
            "d": #"{"type":"function_call","call_id":"d","name":"now","arguments":"{}"}"#,
        ]
        let results = order.filter { $0 == "c" || $0 == "d" }.map { #"{"type":"function_call_output","call_id":"\#($0)","output":"12"}"# }
        let all = [#"{"role":"user","content":"Hello"}"#] + order.compactMap { items[$0] } + results
        let response = await create(try API(model), #""input":[\#(all.joined(separator: ","))]"#)
        #expect(response.status == 200, "\(response.text)")
        let messages = await model.prompts[0].messages
        #expect(messages.map(\.role) == [.user, .assistant] + results.map { _ in .tool })
        #expect(messages[1].toolCalls.map(\.id) == order.filter { $0 == "c" || $0 == "d" })
        #expect(messages[1].content == (order.contains("m") ? "Wait." : ""))
    }

    @Test("a thousand items of input are one request, and are listed in pages")
    func manyItems() async throws {
        let api = try API()
        let items = (0..<1000).map { #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"\#($0)"}"# } + [#"{"role":"user","content":"end"}"#]
        let response = await create(api, #""input":[\#(items.joined(separator: ","))]"#)
        #expect(response.status == 200)
        var ids: [String] = []
        var after = ""
        while true {
            let page = await api.send(
                "GET", "/v1/responses/\(response.id)/input_items?order=asc&limit=100&after=\(after)", session: nil)
            ids += (page.json.member("data")?.elements ?? []).compactMap { $0.member("id")?.string }
            guard page.json.member("has_more") == true else { break }
            after = page.json.member("last_id")?.string ?? ""
        }
        #expect(ids.count == 1001 && Set(ids).count == 1001 && ids.allSatisfy { $0.utf8.count <= 64 })
    }

    @Test("what cannot be had is refused by name", arguments: [
        (#""input":"a","background":true"#, "background"), (#""input":"a","prompt":{"id":"p"}"#, "prompt"),
        (#""input":"a","tools":[{"type":"web_search_preview"}]"#, "tools[0].type"), (#""input":[]"#, "input"), (#""x":1"#, "input"),
        (#""input":[{"type":"mcp_call"}]"#, "input[0].type"), (#""input":"a","max_output_tokens":15"#, "max_output_tokens"),
        (#""input":"a","truncation":"some"#, ""), (#""input":"a","truncation":"some""#, "truncation"),
        (#""input":"a","conversation":"b","previous_response_id":"c""#, "previous_response_id"),
        (#""input":"a","metadata":{"k":1}"#, "metadata.k"), (#""input":"a","text":{"format":{"type":"xml"}}"#, "text.format.type"),
        (#""input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]"#, "input[0].content[0].file_id"),
        (#""input":[{"role":"assistant","content":"a"}]"#, "input"), (#""input":"a","tool_choice":"any""#, "tool_choice"),
    ])
    func refused(members: String, param: String) async throws {
        let model = ScriptedModel()
        let response = await create(try API(model), members)
        #expect(response.status == 400, "\(response.text)")
        if !param.isEmpty { #expect(response.text.contains(#""param":"\#(param)""#), "\(response.text)") }
        #expect(await model.count == 0)
    }
}
