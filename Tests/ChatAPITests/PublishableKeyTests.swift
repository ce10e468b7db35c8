import Access
import CGI
import Foundation
import JSON
import Server
import SystemPackage
import Testing
import Text

@testable import ChatAPI

@Suite("Publishable keys")
struct PublishableKeyTests {
    private static let (app, other) = ("https://app.example", "https://other.example")
    private static let body = API.body("Hello")

    /// An API with two publishable keys of one page, and a key of the operator's.
    private struct Fixture {
        let api: API
        let secrets: [String: String]
        let site: APIKey

        init() throws {
            let directory = try DataDirectory()
            let file = KeyFile(FilePath(directory.path + "/keys.json"))
            let origins = [try #require(Origin(app))]
            var site = APIKey(
                name: "site", publishableFor: origins, permissions: APIKey.publishablePermissions, created: Date(timeIntervalSince1970: 0))
            site.note = "of the operator's"
            var keys = [
                site, APIKey(name: "shop", publishableFor: origins, permissions: [.chat], created: site.created),
                APIKey(name: "all", scopes: [try #require(SessionScope("*"))], permissions: Permission.allCases, created: site.created),
            ]
            var secrets: [String: String] = [:]
            for index in keys.indices { secrets[keys[index].name] = keys[index].rotate(grace: 0, now: Date()) }
            try file.change { [keys] ring throws(KeyFileError) in for key in keys { try ring.add(key) } }
            (self.site, self.secrets) = (site, secrets)
            api = try API(in: directory, namesSessionInPath: true, keys: file)
        }

        func send(
            _ method: String, _ path: String, as key: String = "site", visitor: String? = nil, origin: String? = app,
            session: String? = nil, body: String = ""
        ) async -> Response {
            // A header that was not sent may arrive empty.
            await api.send(
                method, path, mount: "", session: session,
                headers: ["x-api-key": secrets[key] ?? "", "origin": origin ?? "", "x-visitor": visitor ?? ""], body: body)
        }

        func chat(as key: String = "site", visitor: String? = nil, session: String? = nil) async -> Response {
            await send("POST", "/v1/chat/completions", as: key, visitor: visitor, session: session, body: PublishableKeyTests.body)
        }

        /// A new visitor who has said something: its token, and the key of its session.
        func begin() async throws -> (token: String, session: String) {
            let response = await chat()
            #expect(response.status == 200)
            let token = try #require(response.header("x-visitor"))
            return (token, site.session(of: String(token.prefix { $0 != "." })))
        }
    }

    private struct Session: Decodable {
        var key: String
        var turns: Int
    }

    @Test("a visitor has one session without naming it, and is known again by x-visitor")
    func visitors() async throws {
        let fixture = try Fixture()
        #expect(fixture.secrets["site"]?.hasPrefix("nb-pub-") == true)
        let (one, two) = (try await fixture.begin(), try await fixture.begin())
        #expect(one.session != two.session)
        // Whoever names it all the same names the same one.
        for session in [nil, "", one.session] {
            let response = await fixture.chat(visitor: one.token, session: session)
            #expect(response.status == 200 && response.header("x-visitor") == one.token)
        }
        for (visitor, turns) in [(one, 4), (two, 1)] {
            let shown = await fixture.send("GET", "/v1/session", visitor: visitor.token)
            let session = try JSONDecoder().decode(Session.self, from: Data(shown.bytes))
            #expect(session.key == visitor.session && session.turns == turns)
        }
        #expect(await fixture.send("POST", "/v1/session/undo", visitor: one.token).status == 200)
        #expect(await fixture.send("DELETE", "/v1/session", visitor: one.token).status == 200)
        #expect(await fixture.send("GET", "/v1/session", visitor: one.token).status == 404)
        #expect(await fixture.send("GET", "/v1/session", visitor: two.token).status == 200)
        // A new visitor has no session yet.
        #expect(await fixture.send("GET", "/v1/session").status == 404)
        // A key of another kind has no visitors.
        let secret = await fixture.chat(as: "all", visitor: one.token, session: two.session)
        #expect(secret.status == 200 && secret.header("x-visitor") == nil)
        #expect(await fixture.chat(as: "all", visitor: one.token).text.contains("missing_session_key"))
    }

    /// Everything that a visitor may do and that names a session.
    private static let operations: [(method: String, path: String, body: String)] = [
        ("POST", "/v1/chat/completions", body), ("GET", "/v1/session", ""), ("DELETE", "/v1/session", ""), ("POST", "/v1/session/undo", ""),
        ("POST", "/v1/session/fork", #"{"to":"web:copy"}"#),
    ]

    @Test("no visitor reaches any other session, whether it exists or not, in a header or in the path", arguments: operations)
    func others(method: String, path: String, body: String) async throws {
        let fixture = try Fixture()
        let (one, two) = (try await fixture.begin(), try await fixture.begin())
        #expect(await fixture.chat(as: "all", session: one.session + ":more").status == 200)
        let prefix = fixture.site.session(of: "")
        var answers: Set<String> = []
        for session in [
            two.session, one.session + ":more", one.session + "x", String(one.session.dropLast()), prefix, prefix + "v_none", "web:", "a",
            one.session.uppercased(),
        ] {
            for (path, session) in [(path, session as String?), ("/s/\(session)\(path)", nil)] {
                let refused = await fixture.send(method, path, visitor: one.token, session: session, body: body)
                #expect(refused.status == 403 && refused.text.contains("session_not_allowed"), "\(path) \(session ?? "")")
                answers.insert(refused.text)
            }
        }
        #expect(answers.count == 1)
        #expect(await fixture.send("GET", "/v1/session", visitor: two.token).status == 200)
    }

    @Test("a copy would be another visitor's, and lists and exports are not for visitors")
    func routes() async throws {
        let fixture = try Fixture()
        let (one, two) = (try await fixture.begin(), try await fixture.begin())
        for target in [two.session, one.session + ":copy", "a"] {
            let fork = await fixture.send("POST", "/v1/session/fork", visitor: one.token, body: #"{"to":"\#(target)"}"#)
            #expect(fork.status == 403 && fork.text.contains("session_not_allowed"))
        }
        for path in ["/v1/sessions", "/v1/sessions?prefix=\(one.session)", "/v1/session/export"] {
            let refused = await fixture.send("GET", path, visitor: one.token)
            #expect(refused.status == 403 && refused.text.contains("route_not_allowed"))
        }
        #expect(await fixture.send("GET", "/v1/session", as: "shop").text.contains("route_not_allowed"))
        let shown = await fixture.send("GET", "/v1/key")
        #expect(shown.text.contains(#""kind":"publishable""#) && !shown.text.contains("operator"))
        #expect(shown.header("x-visitor") != nil)
    }

    @Test("nothing that is served tells one visitor of another")
    func everything() async throws {
        let fixture = try Fixture()
        let (one, two) = (try await fixture.begin(), try await fixture.begin())
        let other = String(two.token.prefix { $0 != "." })
        #expect(await fixture.send("GET", "/v1/session", visitor: two.token).text.contains(other))
        for (path, methods) in fixture.api.endpoints.paths {
            let path = path.replacing("{id...}", with: "nanobot").replacing("{", with: "").replacing("}", with: "")
            for method in methods {
                // What any of them may be asked for.
                let response = await fixture.send(
                    method, path + "?by=session&limit=1000", visitor: one.token, body: PublishableKeyTests.body)
                #expect(response.status != 0 && !response.text.contains(other), "\(method) \(path)")
            }
        }
    }

    @Test(
        "without an origin of the key's own it does nothing",
        arguments: [
            "", "null", other, app + "/", app + ":443", "\(app), \(app)", app.uppercased(), String(repeating: "a", count: 1 << 16),
        ])
    func origins(origin: String) async throws {
        let fixture = try Fixture()
        let visitor = try await fixture.begin()
        for token in [nil, visitor.token] {
            let refused = await fixture.send("GET", "/v1/session", visitor: token, origin: origin)
            #expect(refused.status == 403 && refused.text.contains("origin_not_allowed") && refused.header("x-visitor") == nil)
        }
        #expect(await fixture.send("GET", "/v1/session", as: "all", origin: origin, session: visitor.session).status == 200)
    }

    @Test("a visitor that this server did not name, or named for another key, is refused")
    func forged() async throws {
        let fixture = try Fixture()
        let (one, two) = (try await fixture.begin().token, try await fixture.begin().token)
        let shop = try #require(await fixture.chat(as: "shop").header("x-visitor"))
        let mixed = one.prefix { $0 != "." } + two.drop { $0 != "." }
        for token in [shop, String(mixed), "v_a", "\(one), \(two)", "\u{fffd}", String(repeating: ".", count: 1 << 16)] {
            let refused = await fixture.send("GET", "/v1/session", visitor: token)
            #expect(refused.status == 401 && refused.text.contains("invalid_visitor") && refused.header("x-visitor") == nil)
        }
    }
}
