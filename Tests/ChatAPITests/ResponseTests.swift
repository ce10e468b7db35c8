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

extension API {
    /// Asks for a response with these members of the request.
    func create(_ members: String, session: String? = nil, headers: KeyValuePairs<String, String> = [:]) async -> Response {
        await send("POST", "/v1/responses", session: session, headers: headers, body: "{\(members)}")
    }
}

@Suite("The Responses API")
struct ResponseTests {
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
        let first = await api.create(input("one"))
        #expect(first.status == 200 && first.outputText == "Answer 1" && first.id.utf8.count <= 64)
        let second = await api.create(input("two", after: first.id))
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        #expect(try api.directory.files.count == 1)
        let fork = await api.create(input("other", after: first.id))
        #expect(await seen(model) == ["one", "Answer 1", "other"])
        #expect(try api.directory.files.count == 2)
        _ = await api.create(input("three", after: second.id))
        #expect(await seen(model) == ["one", "Answer 1", "two", "Answer 2", "three"])
        _ = await api.create(input("more", after: fork.id))
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
        _ = await api.create(input("one") + #","instructions":"Be brief.""#, session: "a")
        #expect(await model.prompts.last?.instructions.map(\.content) == ["Be brief."])
        #expect(await api.chat("two").status == 200)
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        // What the client repeats of the session is not new.
        let items = #""input":[{"role":"user","content":"two"},{"role":"assistant","content":"x"},{"role":"user","content":"three"}]"#
        let third = await api.create(items, session: "a")
        #expect(await seen(model) == ["one", "Answer 1", "two", "Answer 2", "three"])
        #expect(await model.prompts.last?.instructions.isEmpty ?? false)
        #expect(await api.create(input("four", after: third.id), session: "a").status == 200)
        expectError(
            await api.create(input("five", after: third.id), session: "b"), 400, "previous_response_not_found",
            param: "previous_response_id")
        #expect(await api.create(input("five") + #","conversation":{"id":"a"}"#).json.member("conversation") == ["id": "a"])
        #expect(await seen(model).count == 9)
        expectError(await api.create(input("x") + #","conversation":"a""#, session: "b"), 400, "invalid_value", param: "conversation")
    }

    @Test("system messages of a chain stay in it; those of a named session are this turn's")
    func systemMessages() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let items = #""input":[{"role":"developer","content":"Be brief."},{"role":"user","content":"one"}]"#
        let first = await api.create(items)
        _ = await api.create(input("two", after: first.id))
        #expect(await model.prompts.last?.messages.map(\.content) == ["Be brief.", "one", "Answer 1", "two"])
        _ = await api.create(items, session: "a")
        _ = await api.create(input("two"), session: "a")
        #expect(await model.prompts.last?.messages.map(\.content) == ["one", "Answer 3", "two"])
    }

    @Test("everything behind a previous response is new, an assistant's words included")
    func newInput() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await api.create(input("one"))
        let items = #"[{"role":"user","content":"p"},{"role":"assistant","content":"q"},{"role":"user","content":"two"}]"#
        let second = await api.create(#""input":\#(items),"previous_response_id":"\#(first.id)""#)
        #expect(await seen(model) == ["one", "Answer 1", "p", "q", "two"])
        _ = await api.create(input("three", after: second.id))
        #expect(await seen(model) == ["one", "Answer 1", "p", "q", "two", "Answer 2", "three"])
        let list = await api.send("GET", "/v1/responses/\(second.id)/input_items?order=asc", session: nil)
        #expect(list.json.member("data")?.elements?.compactMap { $0.member("role")?.string } == ["user", "assistant", "user"])
    }

    @Test("without store nothing is kept, and the id leads nowhere")
    func noStore() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await api.create(input("one"))
        let second = await api.create(input("two", after: first.id) + #","store":false"#)
        #expect(second.json.member("store") == false)
        #expect(await seen(model) == ["one", "Answer 1", "two"])
        expectError(await api.send("GET", "/v1/responses/\(second.id)", session: nil), 404, "not_found")
        let alone = await api.create(input("three") + #","store":false"#)
        #expect(alone.status == 200)
        #expect(await seen(model) == ["three"])
        expectError(await api.create(input("x", after: alone.id)), 400, "previous_response_not_found", param: "previous_response_id")
        #expect(try api.directory.files.count == 1)
    }

    @Test("a request with an idempotency key is one response, wherever it went")
    func exactlyOnce() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        func twice(_ members: String, key: String) async -> Response {
            let first = await api.create(members, headers: ["Idempotency-Key": key])
            let again = await api.create(members, headers: ["Idempotency-Key": key])
            #expect(again.text == first.text && again.header("idempotency-replayed") == "true", "\(again.text)")
            return first
        }
        let new = await twice(input("one"), key: "1")
        let second = await twice(input("two", after: new.id), key: "2")
        let fork = await twice(input("three", after: new.id), key: "3")
        #expect(Set([new.id, second.id, fork.id]).count == 3)
        #expect(await api.create(input("one"), headers: ["Idempotency-Key": "4"]).id != new.id)
        #expect(await model.count == 4)
        // Also after the session has gone on.
        _ = await api.create(input("four", after: second.id))
        #expect(await api.create(input("one"), headers: ["Idempotency-Key": "1"]).text == new.text)
        expectError(
            await api.create(input("other", after: second.id), headers: ["Idempotency-Key": "1"]), 409, "idempotency_key_conflict")
    }

    @Test("items that are sent back with their response's id are the stored ones, and those of later responses are not")
    func itemsSentBack() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await api.create(input("one"))
        let second = await api.create(input("two", after: first.id))
        func items(of response: Response) -> String {
            (response.json.member("output")?.elements ?? []).map { String(decoding: $0.serialized, as: UTF8.self) }.joined(separator: ",")
        }
        let next = #"{"role":"user","content":"next"}"#
        _ = await api.create(#""input":[\#(items(of: second)),\#(next)],"previous_response_id":"\#(second.id)""#)
        #expect(await seen(model) == ["one", "Answer 1", "two", "Answer 2", "next"])
        _ = await api.create(#""input":[\#(items(of: second)),\#(next)],"previous_response_id":"\#(first.id)""#)
        #expect(await seen(model) == ["one", "Answer 1", "Answer 2", "next"])
    }

    @Test("a removed response takes with it what its request gave as the past")
    func removal() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let past = #""input":[{"role":"user","content":"p"},{"role":"assistant","content":"q"},{"role":"user","content":"one"}]"#
        let alone = await api.create(past)
        #expect(await api.send("DELETE", "/v1/responses/\(alone.id)", session: nil).status == 200)
        #expect(try api.directory.files.isEmpty)
        let first = await api.create(past, session: "a")
        #expect(await api.chat("two").status == 200)
        #expect(await api.send("DELETE", "/v1/responses/\(first.id)", session: nil).status == 200)
        #expect(await api.chat("three").status == 200)
        #expect(await seen(model) == ["two", "Answer 3", "three"])
    }

    @Test("an imported session's responses resolve by the ids that they had")
    func importing() async throws {
        let (api, other) = (try API(), try API())
        let response = await api.create(input("one"), session: "a")
        let text = await api.send("GET", "/v1/session/export?format=json").bytes
        let session = try ImportedSession(text, name: "a.json", key: try SessionKey("a"), now: Date())
        _ = try await other.sessions.importSession(session)
        #expect(await other.send("GET", "/v1/responses/\(response.id)", session: nil).text == response.text)
    }

    @Test("a branch that there is no room for is refused before its model is asked")
    func room() async throws {
        let model = ScriptedModel()
        let api = try API(model) { $0.maximumSessionBytes = 4096 }
        let first = await api.create(input(String(repeating: "x", count: 4096)))
        #expect(first.status == 200)
        expectError(await api.create(input("two", after: first.id)), 507, "storage_full")
        #expect(await model.count == 1)
    }

    @Test("two chains from one response at once are two conversations")
    func together() async throws {
        let api = try API()
        let first = await api.create(input("one"))
        let ids = await withTaskGroup(of: Response.self) { group in
            for number in 0..<8 { group.addTask { await api.create(input("\(number)", after: first.id)) } }
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
        let first = await api.create(input("one"), session: "a")
        let second = await api.create(input("two"), session: "a")
        let third = await api.create(input("three"), session: "a")
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
            expectError(await api.create(input("x", after: id)), 400, "previous_response_not_found", param: "previous_response_id")
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
        let (own, other): (KeyValuePairs<String, String>, KeyValuePairs<String, String>) = (
            ["x-api-key": secrets[0]], ["x-api-key": secrets[1]]
        )
        for session in [nil, "wx:a"] {
            let response = await api.create(input("one"), session: session, headers: own)
            #expect(response.status == 200)
            #expect(await api.send("GET", "/v1/responses/\(response.id)", session: nil, headers: own).text == response.text)
            for method in ["GET", "DELETE"] {
                expectError(await api.send(method, "/v1/responses/\(response.id)", session: nil, headers: other), 404, "not_found")
            }
            expectError(
                await api.create(input("x", after: response.id), headers: other), 400, "previous_response_not_found",
                param: "previous_response_id")
            #expect(await api.create(input("two", after: response.id), headers: own).status == 200)
        }
        expectError(await api.create(input("x"), session: "tg:a", headers: own), 403, "session_not_allowed")
    }
}
