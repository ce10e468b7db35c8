import Foundation
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON

@Suite("Stored chat completions")
struct StoredCompletionTests {
    private func store(_ api: API, _ text: String, _ members: String = "", streams: Bool = false) async -> String {
        let body = #"{"store":true,"stream":\#(streams),"messages":[{"role":"user","content":"\#(text)"}]\#(members)}"#
        let response = await api.send("POST", "/v1/chat/completions", body: body)
        #expect(response.status == 200)
        guard streams else { return response.id }
        return String(await response.wholeText.dropFirst(#"data: {"id":""#.utf8.count).prefix { $0 != "\"" })
    }

    private func ids(_ api: API, _ query: String = "", session: String? = "a") async -> [String] {
        let list = await api.send("GET", "/v1/chat/completions?\(query)", session: session)
        #expect(list.status == 200, "\(list.text)")
        return (list.json.member("data")?.elements ?? []).compactMap { $0.member("id")?.string }
    }

    @Test("an id leads to its turn, whole or streamed, without a session's key", arguments: [false, true])
    func found(streams: Bool) async throws {
        let api = try API { _ in
        } configure: {
            $0.streams = true
        }
        let id = await store(api, "hello", #","metadata":{"k":"v"}"#, streams: streams)
        #expect(id.hasPrefix("chatcmpl-") && id.utf8.count <= 64)
        let shown = await api.send("GET", "/v1/chat/completions/\(id)", session: nil)
        #expect(shown.id == id && shown.json.member("metadata") == ["k": "v"])
        #expect(shown.json.member("choices")?.elements?.first?.member("message")?.member("content")?.string == "Answer 1")
        let messages = await api.send("GET", "/v1/chat/completions/\(id)/messages", session: nil)
        #expect(messages.json.member("data")?.elements?.map { $0.member("content")?.string } == ["hello"])
        let updated = await api.send("POST", "/v1/chat/completions/\(id)", session: nil, body: #"{"metadata":{"k":"w"}}"#)
        #expect(updated.json.member("metadata") == ["k": "w"])
        #expect(await api.send("GET", "/v1/chat/completions/\(id)", session: nil).text == updated.text)
        #expect(await api.send("DELETE", "/v1/chat/completions/\(id)", session: nil).status == 200)
        for (method, path) in [("GET", ""), ("DELETE", ""), ("GET", "/messages")] {
            expectError(await api.send(method, "/v1/chat/completions/\(id)\(path)", session: nil), 404, "not_found")
        }
        #expect(await ids(api).isEmpty)
    }

    @Test("the list has the stored ones of the session, in either order, in pages, and by model and metadata")
    func list() async throws {
        let api = try API()
        let first = await store(api, "one", #","metadata":{"k":"v","l":"m"}"#)
        _ = await api.chat("not stored")
        let second = await store(api, "two", #","model":"other","metadata":{"k":"v"}"#)
        let third = await store(api, "three")
        #expect(await ids(api) == [first, second, third])
        #expect(await ids(api, "order=desc") == [third, second, first])
        #expect(await ids(api, "limit=1") == [first])
        #expect(await ids(api, "after=\(first)&limit=1") == [second])
        #expect(await ids(api, "after=\(second)&order=desc") == [first])
        #expect(await ids(api, "metadata%5Bk%5D=v") == [first, second])
        #expect(await ids(api, "metadata[k]=v&metadata[l]=m") == [first])
        #expect(await ids(api, "model=other") == [second])
        #expect(await ids(api, "", session: "b").isEmpty)
        expectError(await api.send("GET", "/v1/chat/completions", session: nil), 400, "missing_session_key")
        for query in ["after=chatcmpl-x", "after=\(first)x", "limit=0", "limit=101", "order=up"] {
            let param = String(query.prefix { $0 != "=" })
            expectError(await api.send("GET", "/v1/chat/completions?\(query)"), 400, "invalid_value", param: param)
        }
    }

    @Test("nothing leads to a completion that is not stored, or to a response by the other's id")
    func others() async throws {
        let api = try API()
        let plain = await api.chat("hello").id
        let stored = await store(api, "hello again")
        let response = await api.create(#""input":"hello""#).id
        for id in [
            plain, "chatcmpl-" + response.dropFirst(5), String(stored.dropLast()), stored + "a", String(repeating: "x", count: 10_000),
        ] {
            expectError(await api.send("GET", "/v1/chat/completions/\(id)", session: nil), 404, "not_found")
        }
        expectError(await api.send("GET", "/v1/responses/resp_\(stored.dropFirst(9))", session: nil), 404, "not_found")
        let readonly = await api.send(
            "POST", "/v1/chat/completions", headers: ["x-session-mode": "readonly"],
            body: #"{"store":true,"messages":[{"role":"user","content":"x"}]}"#)
        expectError(await api.send("GET", "/v1/chat/completions/\(readonly.id)", session: nil), 404, "not_found")
    }

    @Test("a retry of a request gets the same id")
    func retry() async throws {
        let api = try API()
        let body = #"{"store":true,"messages":[{"role":"user","content":"x"}]}"#
        let first = await api.send("POST", "/v1/chat/completions", headers: ["idempotency-key": "k"], body: body)
        let second = await api.send("POST", "/v1/chat/completions", headers: ["idempotency-key": "k"], body: body)
        #expect(first.id == second.id && second.header("idempotency-replayed") == "true")
        #expect(await ids(api) == [first.id])
    }
}
