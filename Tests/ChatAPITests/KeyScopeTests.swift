import Access
import CGI
import Foundation
import JSON
import SystemPackage
import Testing

@testable import ChatAPI

@Suite("What an API key covers")
struct KeyScopeTests {
    private static let body = API.body("Hello")

    /// An API with keys, of which each may do everything but what `change` says.
    private struct Fixture {
        let api: API
        let secrets: [String: String]

        init(_ keys: KeyValuePairs<String, [String]>, _ change: (inout APIKey) -> Void = { _ in }) throws {
            let directory = try DataDirectory()
            let file = KeyFile(FilePath(directory.path + "/keys.json"))
            var secrets: [String: String] = [:]
            for (name, scopes) in keys {
                var key = APIKey(
                    name: name, scopes: try scopes.map { try #require(SessionScope($0)) },
                    permissions: [.chat, .read, .list, .export, .write],
                    created: Date(timeIntervalSince1970: 1_700_000_000))
                secrets[name] = key.rotate(grace: 0, now: Date())
                change(&key)
                try file.change { [key] ring throws(KeyFileError) in try ring.add(key) }
            }
            self.secrets = secrets
            api = try API(in: directory, keys: file)
        }

        func send(_ method: String, _ path: String, as key: String, session: String? = nil, body: String = "") async -> Response {
            await api.send(method, path, session: session, headers: ["x-api-key": secrets[key] ?? ""], body: body)
        }

        func chat(as key: String, _ session: String) async -> Int {
            await send("POST", "/v1/chat/completions", as: key, session: session, body: KeyScopeTests.body).status
        }
    }

    /// Everything that names a session.
    private static let operations: [(method: String, path: String, body: String)] = [
        ("POST", "/v1/chat/completions", body), ("GET", "/v1/session", ""), ("GET", "/v1/session/export", ""),
        ("DELETE", "/v1/session", ""), ("POST", "/v1/session/undo", ""), ("POST", "/v1/session/fork", #"{"to":"wx:copy"}"#),
    ]

    @Test("outside its scopes a key meets the same refusal, whether the session exists or not", arguments: operations)
    func scopes(method: String, path: String, body: String) async throws {
        let fixture = try Fixture(["wx": ["wx:"], "all": ["*"]])
        #expect(await fixture.chat(as: "all", "tg:there") == 200)
        var answers: [String] = []
        for session in ["tg:there", "tg:not", "wx", "WX:a", "web:wx:"] {
            let refused = await fixture.send(method, path, as: "wx", session: session, body: body)
            #expect(refused.status == 403)
            answers.append(refused.text)
        }
        #expect(Set(answers).count == 1 && answers[0].contains(#""code":"session_not_allowed""#))
        #expect(await fixture.send("GET", "/v1/session", as: "all", session: "tg:there").status == 200)
        // A key of no session is an error of its own.
        #expect(await fixture.send(method, path, as: "wx", body: body).text.contains("missing_session_key"))
    }

    @Test("a session is not copied out of a key's scopes, nor into them")
    func fork() async throws {
        let fixture = try Fixture(["wx": ["wx:"], "all": ["*"]])
        #expect(await fixture.chat(as: "wx", "wx:a") == 200)
        #expect(await fixture.chat(as: "all", "tg:a") == 200)
        for (session, target) in [("wx:a", "tg:copy"), ("tg:a", "wx:copy")] {
            let refused = await fixture.send("POST", "/v1/session/fork", as: "wx", session: session, body: #"{"to":"\#(target)"}"#)
            #expect(refused.status == 403)
            #expect(await fixture.send("GET", "/v1/session", as: "all", session: target).status == 404)
        }
        #expect(await fixture.send("POST", "/v1/session/fork", as: "wx", session: "wx:a", body: #"{"to":"wx:b"}"#).status == 200)
    }

    @Test("a key does what its routes say, and no more", arguments: Permission.allCases)
    func routes(only permission: Permission) async throws {
        let fixture = try Fixture(["a": ["*"]]) { $0.permissions = [permission] }
        let all: [(Permission, String, String, String)] = [
            (.chat, "POST", "/v1/chat/completions", Self.body), (.read, "GET", "/v1/session", ""),
            (.export, "GET", "/v1/session/export", ""), (.write, "DELETE", "/v1/session", ""), (.write, "POST", "/v1/session/undo", ""),
            (.write, "POST", "/v1/session/fork", #"{"to":"b"}"#), (.list, "GET", "/v1/sessions", ""),
        ]
        for (needed, method, path, body) in all {
            let answer = await fixture.send(method, path, as: "a", session: "s", body: body)
            #expect((answer.status == 403) == (needed != permission), "\(permission): \(method) \(path)")
            if needed != permission { #expect(answer.text.contains(#""code":"route_not_allowed""#)) }
        }
        for path in ["/v1/models", "/v1/key", "/health"] { #expect(await fixture.send("GET", path, as: "a").status == 200) }
    }

    @Test("a key sees and asks its models alone")
    func models() async throws {
        let fixture = try Fixture(["a": ["*"], "b": ["*"]]) { if $0.name == "a" { $0.models = ["other"] } }
        #expect(await fixture.send("GET", "/v1/models", as: "a").text.contains(#""data":[]"#))
        #expect(await fixture.send("GET", "/v1/models", as: "b").text.contains(#""id":"nanobot""#))
        #expect(await fixture.send("GET", "/v1/models/nanobot", as: "a").status == 403)
        let refused = await fixture.send("POST", "/v1/chat/completions", as: "a", session: "s", body: Self.body)
        #expect(refused.status == 403 && refused.text.contains(#""param":"model","code":"model_not_allowed""#))
        let named = #"{"model":"other","messages":[{"role":"user","content":"Hello"}]}"#
        #expect(await fixture.send("POST", "/v1/chat/completions", as: "a", session: "s", body: named).status == 200)
    }

    @Test("a caller sees its own key, and never a secret")
    func ownKey() async throws {
        let fixture = try Fixture(["a": ["wx:", "tg:"]])
        let shown = await fixture.send("GET", "/v1/key", as: "a")
        #expect(shown.text.hasPrefix(#"{"object":"key","id":"key_"#) && shown.text.contains(#""scopes":["wx:","tg:"]"#))
        #expect(!shown.text.contains("sha256") && !shown.text.contains(fixture.secrets["a"]!))
        #expect(await (try API()).send("GET", "/v1/key").status == 404)
    }

    private struct List: Decodable {
        struct Session: Decodable { var key: String }
        var data: [Session]
        var first_id: String?
        var last_id: String?
        var has_more: Bool

        init(_ response: Response) throws { self = try ValueDecoder().read(Self.self, from: response.bytes[...]) }
    }

    @Test("sessions are listed by scope, the last used first, each once over all pages")
    func lists() async throws {
        let fixture = try Fixture(["wx": ["wx:", "tg:bot1:"], "all": ["*"]])
        let long = "wx:" + String(repeating: "é", count: 200)
        let own = (1...7).map { "wx:dm:\($0)" } + ["tg:bot1:a", "wx:a b/c%:\u{1f600}", long]
        for session in own + ["tg:bot10:a", "web:x", "wx2:a"] { #expect(await fixture.chat(as: "all", session) == 200) }
        #expect(await fixture.chat(as: "wx", "wx:dm:3") == 200)
        let whole = try List(await fixture.send("GET", "/v1/sessions", as: "wx"))
        #expect(Set(whole.data.map(\.key)) == Set(own) && whole.data.count == own.count && !whole.has_more)
        #expect(whole.first_id == "wx:dm:3" && whole.last_id == whole.data.last?.key)
        var paged: [String] = []
        var cursor = ""
        repeat {
            let page = try List(await fixture.send("GET", "/v1/sessions?limit=3&after=\(Self.encoded(cursor))", as: "wx"))
            paged += page.data.map(\.key)
            cursor = page.has_more ? page.last_id ?? "" : ""
        } while !cursor.isEmpty
        #expect(paged == whole.data.map(\.key))
        let group = try List(await fixture.send("GET", "/v1/sessions?prefix=wx:dm", as: "wx"))
        #expect(group.data.count == 7)
        #expect(try List(await fixture.send("GET", "/v1/sessions?prefix=\(Self.encoded(long))", as: "wx")).data.map(\.key) == [long])
        for prefix in ["tg:", "wx", "web:x"] {
            #expect(await fixture.send("GET", "/v1/sessions?prefix=\(prefix)", as: "wx").text.contains("session_not_allowed"))
        }
        #expect(await fixture.send("GET", "/v1/sessions?after=web:x", as: "wx").status == 403)
        #expect(await fixture.send("GET", "/v1/sessions?after=wx:never", as: "wx").status == 404)
        for limit in ["0", "1001", "x", "-1", "9223372036854775808"] {
            #expect(await fixture.send("GET", "/v1/sessions?limit=\(limit)", as: "wx").status == 400)
        }
        #expect(try List(await fixture.send("GET", "/v1/sessions", as: "all")).data.count == own.count + 3)
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}
