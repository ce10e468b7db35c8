import Chat
import Foundation
import Models
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON

@Suite("The Conversations API")
struct ConversationTests {
    /// The texts of a list of items.
    private func texts(_ list: Response) -> [String] {
        (list.json.member("data")?.elements ?? []).map { item in
            item.member("content")?.elements?.first?.member("text")?.string ?? item.member("output")?.string
                ?? item.member("name")?.string ?? ""
        }
    }

    private func ids(_ list: Response) -> [String] {
        (list.json.member("data")?.elements ?? []).compactMap { $0.member("id")?.string }
    }

    private func conversation(_ api: API, _ members: String = "") async -> String {
        let response = await api.send("POST", "/v1/conversations", session: nil, body: "{\(members)}")
        #expect(response.status == 200)
        return response.id
    }

    private let question = #"{"role":"user","content":"one"}"#
    private let answer = #"{"role":"assistant","content":"first"}"#
    private let call = #"{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"}"#
    private let result = #"{"type":"function_call_output","call_id":"c1","output":"four"}"#

    @Test("a conversation keeps items and metadata, and responses go on in it")
    func goesOn() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let id = await conversation(api, #""items":[\#(question),\#(answer)],"metadata":{"a":"b"}"#)
        #expect(id.hasPrefix("conv_") && id.utf8.count <= 64)
        let response = await api.create(#""input":"two","conversation":"\#(id)""#)
        #expect(response.json.member("conversation")?.member("id")?.string == id)
        #expect(await model.prompts.last?.history.flatMap(\.messages).map(\.content) == ["one", "first"])
        let items = await api.send("GET", "/v1/conversations/\(id)/items?order=asc", session: nil)
        #expect(texts(items) == ["one", "first", "two", "Answer 1"])
        let shown = await api.send("GET", "/v1/conversations/\(id)", session: nil)
        #expect(shown.json.member("metadata") == ["a": "b"])
        let updated = await api.send("POST", "/v1/conversations/\(id)", session: nil, body: #"{"metadata":{"c":"d"}}"#)
        #expect(updated.json.member("metadata") == ["c": "d"])
        #expect(await api.send("DELETE", "/v1/conversations/\(id)", session: nil).status == 200)
        expectError(await api.send("GET", "/v1/conversations/\(id)", session: nil), 404, "not_found")
        expectError(await api.create(#""input":"two","conversation":"\#(id)""#), 404, "not_found", param: "conversation")
        #expect(try api.directory.files.isEmpty)
    }

    @Test("pages go on behind an item, in either order, across turns", arguments: ["asc", "desc"], [1, 2, 3, 100])
    func pages(order: String, limit: Int) async throws {
        let api = try API()
        let id = await conversation(api, #""items":[\#(question),\#(answer),{"role":"user","content":"three"}]"#)
        _ = await api.send("POST", "/v1/conversations/\(id)/items", session: nil, body: #"{"items":[\#(call),\#(result)]}"#)
        var seen: [String] = []
        var after = ""
        while true {
            let path = "/v1/conversations/\(id)/items?order=\(order)&limit=\(limit)" + (after.isEmpty ? "" : "&after=\(after)")
            let page = await api.send("GET", path, session: nil)
            seen += texts(page)
            guard page.json.member("has_more") == true else { break }
            after = page.json.member("last_id")?.string ?? ""
            #expect(after == ids(page).last)
        }
        let all = ["one", "first", "three", "f", "four"]
        #expect(seen == (order == "asc" ? all : all.reversed()))
    }

    @Test("an item in the middle can be removed: nobody sees it any more, and the other ids stay", arguments: 0..<4)
    func removal(place: Int) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let id = await conversation(api, #""items":[\#(question),\#(call),\#(result),\#(answer)]"#)
        let before = ids(await api.send("GET", "/v1/conversations/\(id)/items?order=asc", session: nil))
        #expect(before.count == 4)
        let removed = before[place]
        #expect(await api.send("DELETE", "/v1/conversations/\(id)/items/\(removed)", session: nil).id == id)
        let after = ids(await api.send("GET", "/v1/conversations/\(id)/items?order=asc", session: nil))
        #expect(after == before.filter { $0 != removed })
        expectError(await api.send("GET", "/v1/conversations/\(id)/items/\(removed)", session: nil), 404, "not_found")
        expectError(await api.send("DELETE", "/v1/conversations/\(id)/items/\(removed)", session: nil), 404, "not_found")
        expectError(
            await api.send("GET", "/v1/conversations/\(id)/items?after=\(removed)", session: nil), 400, "invalid_value",
            param: "after")
        #expect(await api.create(#""input":"two","conversation":"\#(id)""#).status == 200)
        let seen = await model.prompts.last?.messages.map { $0.content + $0.toolCalls.map(\.name).joined() } ?? []
        let expected = [
            ["(The assistant speaks first.)", "f", "four", "first", "two"], ["one", "first", "two"],
            ["one", "f", "There is no result.", "first", "two"], ["one", "f", "four", "two"],
        ]
        #expect(seen == expected[place])
        // What the session shows is the same.
        let session = try #require(try api.directory.files.first)
        let key = try #require(SessionKey(fileName: String(session.dropLast(5))))
        #expect(!(await api.send("GET", "/v1/session", session: key.description)).text.contains(#""removed""#))
    }

    @Test("when all items of a turn are removed, the turn is gone")
    func lastItem() async throws {
        let api = try API()
        let id = await conversation(api, #""items":[\#(question),\#(answer)]"#)
        for item in ids(await api.send("GET", "/v1/conversations/\(id)/items", session: nil)) {
            #expect(await api.send("DELETE", "/v1/conversations/\(id)/items/\(item)", session: nil).status == 200)
        }
        let file = try #require(try api.directory.files.first)
        #expect(try !api.directory.text(of: file).contains("turn-"))
        #expect(texts(await api.send("GET", "/v1/conversations/\(id)/items", session: nil)).isEmpty)
        #expect(await api.create(#""input":"two","conversation":"\#(id)""#).status == 200)
    }

    @Test("calls that were added one by one keep their results")
    func oneByOne() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let id = await conversation(api)
        let second = #"{"type":"function_call","call_id":"c2","name":"g","arguments":"{}"}"#
        let other = #"{"type":"function_call_output","call_id":"c2","output":"five"}"#
        for item in [question, call, second, other, result] {
            #expect(await api.send("POST", "/v1/conversations/\(id)/items", session: nil, body: #"{"items":[\#(item)]}"#).status == 200)
        }
        #expect(await api.create(#""input":"two","conversation":"\#(id)""#).status == 200)
        let seen = await model.prompts.last?.messages.map { $0.content + $0.toolCalls.map(\.name).joined(separator: "+") } ?? []
        #expect(seen == ["one", "f+g", "five", "four", "two"])
    }

    @Test(
        "what is no item, or too much, is refused",
        arguments: [
            (#""items":5"#, "items"), (#""items":[{"role":"user"}]"#, "items[0].content"),
            (#""items":[{"type":"function_call","call_id":"c","name":"","arguments":"{}"}]"#, "items[0].name"),
            (#""items":[{"type":"function_call_output","call_id":"","output":""}]"#, "items[0].call_id"),
            (#""items":[{"type":"reasoning","summary":[]}]"#, "items"), (#""metadata":{"a":1}"#, "metadata.a"),
            (#""metadata":"x""#, "metadata"), (#""metadata":{"\#(String(repeating: "n", count: 65))":""}"#, "metadata"),
            (#""metadata":{"a":"\#(String(repeating: "v", count: 513))"}"#, "metadata.a"),
            (#""items":[\#(Array(repeating: #"{"role":"user","content":"x"}"#, count: 21).joined(separator: ","))]"#, "items"),
        ])
    func refused(members: String, param: String) async throws {
        let api = try API()
        expectError(await api.send("POST", "/v1/conversations", session: nil, body: "{\(members)}"), 400, "invalid_value", param: param)
        #expect(try api.directory.files.isEmpty)
    }

    @Test("a session's key is a conversation, too, and an id of another kind or of nobody is none")
    func names() async throws {
        let api = try API()
        _ = await api.chat("hello", session: "wx:dm:a")
        let items = await api.send("GET", "/v1/conversations/wx:dm:a/items", session: nil)
        #expect(texts(items) == ["Answer 1", "hello"])
        let id = await conversation(api)
        for other in [
            String(id.dropLast()), id + "a", "conv_", "conv_\u{e9}", "resp_" + id.dropFirst(5), String(repeating: "x", count: 600),
        ] {
            let status = await api.send("GET", "/v1/conversations/\(other)", session: nil).status
            #expect(status == 404 || status == 400)
        }
    }

    @Test("the same request again begins no second conversation, if it has a key")
    func again() async throws {
        let api = try API()
        var ids: Set<String> = []
        for _ in 0..<3 {
            let response = await api.send(
                "POST", "/v1/conversations", session: nil, headers: ["idempotency-key": "k"], body: #"{"items":[\#(question)]}"#)
            ids.insert(response.id)
            #expect(texts(await api.send("GET", "/v1/conversations/\(response.id)/items", session: nil)) == ["one"])
        }
        #expect(ids.count == 1)
    }
}
