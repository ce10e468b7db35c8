import Foundation
import CGI
import Testing

@testable import Sessions
import JSON

@Suite("Sessions over HTTP")
struct SessionEndpointTests {
    /// The response of `GET /v1/session` and of a fork.
    struct Page: Decodable {
        struct Message: Decodable {
            var role: String
            var content: String
            var turn: String
            var at: String
        }
        var object: String
        var key: String
        var created_at: String
        var updated_at: String?
        var turns: Int
        var usage: [String: Int]
        var messages: [Message]?
        var has_more: Bool?
        var before: String?

        init(_ response: Response) throws { self = try JSONDecoder().decode(Self.self, from: Data(response.bytes)) }

        var questions: [String] { (messages ?? []).filter { $0.role == "user" }.map(\.content) }
    }

    /// An API whose session "a" has `count` turns, numbered from 1.
    private func api(turns: Int) async throws -> API {
        let api = try API()
        for number in 0..<turns { #expect(await api.chat("\(number + 1)").status == 200) }
        return api
    }

    @Test("a session's response has its key, times, turns, usage and messages, in this order")
    func show() async throws {
        let api = try API()
        #expect(await api.chat("Hello", session: "wx:dm:1").status == 200)
        #expect(await api.chat("Again", session: "wx:dm:1").status == 200)
        let turns = try await api.sessions.page(of: SessionKey("wx:dm:1"), messages: 4).turns
        let (first, second) = (turns[0], turns[1])
        let response = await api.send("GET", "/v1/session", session: "wx:dm:1")
        #expect(response.status == 200)
        #expect(
            response.text == #"{"object":"session","key":"wx:dm:1","created_at":"\#(first.at)","updated_at":"\#(second.at)","turns":2,"#
                + #""usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7},"messages":["#
                + #"{"role":"user","content":"Hello","turn":"\#(first.id)","at":"\#(first.at)"},"#
                + #"{"role":"assistant","content":"Answer 1","turn":"\#(first.id)","at":"\#(first.at)"},"#
                + #"{"role":"user","content":"Again","turn":"\#(second.id)","at":"\#(second.at)"},"#
                + #"{"role":"assistant","content":"Answer 2","turn":"\#(second.id)","at":"\#(second.at)"}"#
                + #"],"has_more":false,"before":null}"#)
    }

    @Test(
        "pages have whole turns, at least one, and together every message once",
        arguments: [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (10, 5), (13, 6), (14, 7), (1000, 7)])
    func pages(limit: Int, turnsPerPage: Int) async throws {
        let api = try await api(turns: 7)
        var questions: [String] = []
        var before = ""
        var pageCount = 0
        while true {
            let page = try Page(await api.send("GET", "/v1/session?limit=\(limit)&before=\(before)"))
            #expect(page.turns == 7)
            #expect(page.questions.count == min(turnsPerPage, 7 - questions.count))
            questions = page.questions + questions
            pageCount += 1
            #expect(page.has_more == (questions.count < 7))
            #expect(page.before == (questions.count < 7 ? page.messages?.first?.turn : nil))
            guard let next = page.before else { break }
            before = next
        }
        #expect(questions == (1...7).map(String.init))
        #expect(pageCount == (7 + turnsPerPage - 1) / turnsPerPage)
    }

    @Test("a page has a hundred messages unless the request says otherwise")
    func defaultLimit() async throws {
        let page = try Page(await api(turns: 51).send("GET", "/v1/session"))
        #expect(page.messages?.count == 100)
        #expect(page.has_more == true)
    }

    @Test("a page before a turn stays the same when the session grows")
    func stablePage() async throws {
        let api = try await api(turns: 4)
        let newest = try Page(await api.send("GET", "/v1/session?limit=2"))
        _ = await api.chat("5")
        let next = try Page(await api.send("GET", "/v1/session?limit=2&before=\(newest.before ?? "")"))
        #expect(newest.questions == ["4"] && next.questions == ["3"])
    }

    @Test("the turn count and the page agree while turns are stored")
    func oneMoment() async throws {
        let api = try await api(turns: 100)
        let chats = Task {
            var number = 101
            while !Task.isCancelled {
                _ = await api.chat(String(number))
                number += 1
            }
        }
        for _ in 0..<30 {
            let page = try Page(await api.send("GET", "/v1/session?limit=1"))
            #expect(page.questions == [String(page.turns)])
        }
        chats.cancel()
        await chats.value
    }

    @Test("an invalid page limit is refused", arguments: ["0", "-1", "1001", "x", "1.5", "", "99999999999999999999", "%31%30%30%30%30"])
    func badLimit(limit: String) async throws {
        expectError(await (try api(turns: 1)).send("GET", "/v1/session?limit=\(limit)"), 400, "invalid_value", param: "limit")
    }

    @Test("a page before an unknown turn is refused", arguments: ["x", "turn-", "%00"])
    func badBefore(before: String) async throws {
        expectError(await (try api(turns: 1)).send("GET", "/v1/session?before=\(before)"), 400, "invalid_value", param: "before")
    }

    @Test("an undo removes the last turn and says how many are left, down to none")
    func undo() async throws {
        let api = try await api(turns: 2)
        let turn = try await api.sessions.page(of: SessionKey("a"), messages: 1).turns[0]
        #expect(
            await api.send("POST", "/v1/session/undo").text
                == #"{"object":"session.turn","id":"\#(turn.id)","at":"\#(turn.at)","messages":["#
                + #"{"role":"user","content":"2"},{"role":"assistant","content":"Answer 2"}],"turns":1}"#)
        #expect(await api.send("POST", "/v1/session/undo", body: "not JSON").text.hasSuffix(#""turns":0}"#))
        expectError(await api.send("POST", "/v1/session/undo"), 404, "not_found")

        let empty = try Page(await api.send("GET", "/v1/session"))
        #expect(empty.turns == 0 && empty.messages?.isEmpty == true && empty.has_more == false && empty.updated_at == nil)
        #expect(await api.chat("3").status == 200)
        #expect(try Page(await api.send("GET", "/v1/session")).questions == ["3"])
    }

    @Test("a fork has its session's turns, and the two change independently")
    func fork() async throws {
        let api = try await api(turns: 2)
        let response = await api.send("POST", "/v1/session/fork", body: #"{"to":"b\u00e9"}"#)
        #expect(response.status == 200)
        let fork = try Page(response)
        #expect(fork.object == "session" && fork.key == "bé" && fork.turns == 2 && fork.messages == nil)
        #expect(fork.usage == ["prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7])
        _ = await api.chat("3", session: "bé")
        #expect(try Page(await api.send("GET", "/v1/session", session: "bé")).questions == ["1", "2", "3"])
        #expect(try Page(await api.send("GET", "/v1/session")).questions == ["1", "2"])
    }

    @Test("a fork to an existing session, or to itself, is a conflict", arguments: ["a", "b"])
    func forkConflict(target: String) async throws {
        let api = try await api(turns: 1)
        _ = await api.chat("other", session: "b")
        expectError(await api.send("POST", "/v1/session/fork", body: #"{"to":"\#(target)"}"#), 409, "session_exists", param: "to")
        #expect(try Page(await api.send("GET", "/v1/session", session: "b")).questions == ["other"])
    }

    @Test(
        "a fork's body is checked",
        arguments: [
            ("", "invalid_json", nil), ("[]", "invalid_json", nil), ("null", "invalid_json", nil), (#""b""#, "invalid_json", nil),
            ("{", "invalid_json", nil), ("{}", "invalid_value", "to"), (#"{"to":null}"#, "invalid_value", "to"),
            (#"{"to":5}"#, "invalid_value", "to"), (#"{"to":["b"]}"#, "invalid_value", "to"), (#"{"TO":"b"}"#, "invalid_value", "to"),
            (#"{"to":""}"#, "invalid_session_key", "to"), (#"{"to":"  "}"#, "invalid_session_key", "to"),
            (#"{"to":" b "}"#, "invalid_session_key", "to"),
            (#"{"to":"a\u0000b"}"#, "invalid_session_key", "to"), (#"{"to":"\ufffd"}"#, "invalid_session_key", "to"),
            (#"{"to":"\#(String(repeating: "k", count: 513))"}"#, "invalid_session_key", "to"),
        ] as [(String, String, String?)])
    func forkBody(body: String, code: String, param: String?) async throws {
        let api = try await api(turns: 1)
        expectError(await api.send("POST", "/v1/session/fork", body: body), 400, code, param: param)
        #expect(try api.directory.files == ["a.json"])
    }

    @Test("a fork's body that is too large is refused")
    func hugeForkBody() async throws {
        let body = #"{"to":"\#(String(repeating: "k", count: 2000))"}"#
        expectError(try await API(bodyLimit: 1000).send("POST", "/v1/session/fork", body: body), 413, "request_too_large")
    }

    @Test("a deleted session is gone, and its key is new")
    func delete() async throws {
        let api = try await api(turns: 2)
        #expect(await api.send("DELETE", "/v1/session").text == #"{"object":"session.deleted","key":"a","deleted":true}"#)
        #expect(try api.directory.files == [])
        expectError(await api.send("DELETE", "/v1/session"), 404, "session_not_found")
        _ = await api.chat("new")
        #expect(try Page(await api.send("GET", "/v1/session")).questions == ["new"])
    }

    static let calls = [
        ("GET", "/v1/session"), ("HEAD", "/session/"), ("DELETE", "/v1/session"), ("GET", "/cgi-bin/nanobot.cgi/v1/session/export"),
        ("POST", "/v1/session/undo"), ("POST", "/v1/session/fork"),
    ]

    @Test("every session endpoint needs a valid key and an existing session", arguments: calls)
    func keys(method: String, path: String) async throws {
        let api = try API()
        let body = method == "POST" ? #"{"to":"b"}"# : ""
        expectError(await api.send(method, path, session: nil, body: body), 400, "missing_session_key", method: method)
        for key in ["", "  ", "a\u{1}b", "\u{fffd}", String(repeating: "k", count: 513)] {
            expectError(await api.send(method, path, session: key, body: body), 400, "invalid_session_key", method: method)
        }
        expectError(await api.send(method, path, body: body), 404, "session_not_found", method: method)
        #expect(try api.directory.files == [])
    }

    @Test("a session that cannot be read is an error and stays as it is", arguments: calls.filter { $0.0 != "DELETE" })
    func unreadable(method: String, path: String) async throws {
        let api = try API()
        let file = api.directory.path + "/sessions/a.json"
        try Data("not a session".utf8).write(to: URL(fileURLWithPath: file))
        let response = await api.send(method, path, body: method == "POST" ? #"{"to":"b"}"# : "")
        expectError(response, 500, "session_unreadable", method: method)
        #expect(!response.text.contains(api.directory.path))
        #expect(FileManager.default.contents(atPath: file) == Data("not a session".utf8))
    }

    @Test("nobody lists sessions without an API key, whatever is sent", arguments: ["/v1/sessions", "/sessions?prefix=wx:&limit=x"])
    func list(path: String) async throws {
        let response = try await API().send("GET", path, session: nil)
        expectError(response, 403, "session_not_allowed")
        #expect(response.text.contains("API key"))
    }
}
