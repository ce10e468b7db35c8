import Access
import CGI
import Foundation
import Harness
import SystemPackage
import TestSupport
import Testing

@testable import Server

@Suite("Requests with API keys")
struct AuthenticationTests {
    /// A server over a file of keys.
    private struct Fixture {
        let home: TemporaryDirectory
        let file: KeyFile
        let lines = Log<String>()
        let server: Server

        /// - Parameter names: the keys, each with all permissions but `admin`.
        init(_ names: [String], isRequired: Bool = false) throws {
            home = try TemporaryDirectory()
            file = KeyFile(FilePath(home.path + "/keys.json"))
            for key in try names.map(Self.key) { try file.change { ring throws(KeyFileError) in try ring.add(key) } }
            let endpoint = TestEndpoint { context, writer in
                try await writer.send(Response(status: 200, body: Array((context.apiKey?.name ?? "open").utf8)))
            }
            var (open, admin) = (endpoint, endpoint)
            (open.path, open.admission) = ("/v1/open", .everybody)
            (admin.path, admin.admission) = ("/v1/admin", .permitted(.admin))
            let authentication = Authentication(try KeyStore(file, dataDirectory: nil, logger: .test()), isRequired: isRequired)
            server = Server.make(
                [endpoint, open, admin],
                middleware: MiddlewareList.serving(guarding: nil, sessionNames: .full, authentication: authentication), lines: lines)
        }

        private static func key(_ name: String) throws -> APIKey {
            var key = APIKey(name: name, scopes: [try #require(SessionScope("*"))], permissions: [.chat], created: Date())
            _ = key.rotate(grace: 0, now: Date())
            return key
        }

        /// Gives a key a new secret.
        func secret(of name: String, _ change: @escaping @Sendable (inout APIKey) -> Void = { _ in }) throws -> String {
            var secret = ""
            try file.change { ring throws(KeyFileError) in
                _ = try ring.change(name) { key in
                    secret = key.rotate(grace: 0, now: Date())
                    change(&key)
                }
            }
            return secret
        }

        /// The status and the body of a response.
        func ask(_ path: String = "/v1/test", _ variables: KeyValuePairs<String, String> = [:], method: String = "GET") async -> Output {
            await server.ask(method, path, variables)
        }
    }

    @Test("a key is taken from every header that clients use, and no other")
    func headers() async throws {
        let fixture = try Fixture(["a"])
        let secret = try fixture.secret(of: "a")
        // The store sees the new secret within half a second.
        let isKnown = try await eventually { await fixture.ask("/v1/test", ["HTTP_X_API_KEY": secret]).body == "a" }
        #expect(isKnown)
        for (name, value) in [
            ("HTTP_AUTHORIZATION", "Bearer \(secret)"), ("HTTP_AUTHORIZATION", "bEARER   \(secret)"), ("HTTP_API_KEY", secret),
            ("REDIRECT_HTTP_AUTHORIZATION", "Bearer \(secret)"),
        ] {
            #expect(await fixture.ask("/v1/test", [name: value]).body == "a", "\(name): \(value)")
        }
        for (name, value) in [
            ("HTTP_AUTHORIZATION", secret), ("HTTP_AUTHORIZATION", "Basic \(secret)"), ("HTTP_AUTHORIZATION", "Bearer"),
            ("HTTP_AUTHORIZATION", ""), ("HTTP_COOKIE", secret), ("QUERY_STRING", "key=\(secret)"),
        ] {
            let refused = await fixture.ask("/v1/test", [name: value])
            #expect(refused.head.first == "Status: 401 Unauthorized" && refused.head.contains("WWW-Authenticate: Bearer"))
            #expect(refused.body.contains("No API key was sent") && refused.body.contains(#""code":"invalid_api_key""#))
        }
        // A password of the web server's own, and a key beside it.
        #expect(await fixture.ask("/v1/test", ["HTTP_AUTHORIZATION": "Basic YTpi", "HTTP_X_API_KEY": secret]).body == "a")
        #expect(await fixture.ask("/v1/test", ["HTTP_AUTHORIZATION": "Bearer \(secret)", "HTTP_API_KEY": secret]).body == "a")
        let two = await fixture.ask("/v1/test", ["HTTP_AUTHORIZATION": "Bearer \(secret)", "HTTP_API_KEY": "nb-other"])
        #expect(two.head.first == "Status: 400 Bad Request" && !two.body.contains(secret))
        #expect(fixture.lines.entries.allSatisfy { !$0.contains(secret) })
        #expect(fixture.lines.entries.contains { $0.contains("key=a") })
    }

    @Test("an unknown secret is refused, whatever it is, and a blocked or expired key with the reason")
    func refused() async throws {
        let fixture = try Fixture(["blocked", "expired", "later"])
        let blocked = try fixture.secret(of: "blocked") { $0.isBlocked = true }
        let expired = try fixture.secret(of: "expired") { $0.expires = Date().addingTimeInterval(-1) }
        let later = try fixture.secret(of: "later") { $0.expires = Date().addingTimeInterval(3600) }
        #expect(try await eventually { await fixture.ask("/v1/test", ["HTTP_X_API_KEY": later]).body == "later" })
        #expect(await fixture.ask("/v1/test", ["HTTP_X_API_KEY": blocked]).body.contains("This API key is blocked"))
        #expect(await fixture.ask("/v1/test", ["HTTP_X_API_KEY": expired]).body.contains("This API key expired at "))
        let unknown = [
            "x", "nb-", later + "x", String(repeating: "a", count: 1 << 16), "a\u{1}b", "\u{fffd}", "e\u{301}", "Bearer \(later)", "nb-\n",
            "'",
        ]
        for secret in unknown {
            let answer = await fixture.ask("/v1/test", ["HTTP_X_API_KEY": secret])
            #expect(answer.head.first == "Status: 401 Unauthorized" && answer.body.contains("There is no such API key"))
        }
    }

    @Test("what needs no key, or is not there, is the same for everybody")
    func everybody() async throws {
        let fixture = try Fixture(["a"])
        #expect(await fixture.ask("/v1/open").body == "open")
        #expect(await fixture.ask("/v1/none").head.first == "Status: 404 Not Found")
        #expect(await fixture.ask(method: "PUT").head.first == "Status: 405 Method Not Allowed")
        #expect(await fixture.ask(method: "OPTIONS").head.first == "Status: 204 No Content")
        #expect(await fixture.ask(method: "HEAD").head.first == "Status: 401 Unauthorized")
        let secret = try fixture.secret(of: "a")
        #expect(try await eventually { await fixture.ask("/v1/test", ["HTTP_X_API_KEY": secret]).body == "a" })
        let admin = await fixture.ask("/v1/admin", ["HTTP_X_API_KEY": secret])
        #expect(admin.head.first == "Status: 403 Forbidden" && admin.body.contains(#""code":"route_not_allowed""#))
    }

    @Test("without keys the API is open, and says so at the first request from elsewhere; or it is closed, if that is set")
    func withoutKeys() async throws {
        let fixture = try Fixture([])
        func warnings() -> Int { fixture.lines.entries.count { $0.hasPrefix("warning The API is open") } }
        for (address, host) in [
            ("127.0.0.1", "localhost:8900"), ("::1", "[::1]:80"), ("", "127.0.0.1"), ("127.1.2.3", "a.localhost"), ("::ffff:127.0.0.1", ""),
        ] {
            #expect(await fixture.ask("/v1/test", ["REMOTE_ADDR": address, "HTTP_HOST": host, "HTTP_X_API_KEY": "any"]).body == "open")
        }
        #expect(warnings() == 0)
        for _ in 1...2 { #expect(await fixture.ask("/v1/test", ["REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "chat.example"]).body == "open") }
        #expect(warnings() == 1)
        #expect(await (try Fixture([])).ask("/v1/test", ["REMOTE_ADDR": "192.0.2.1"]).body == "open")
        let closed = try Fixture([], isRequired: true)
        #expect(await closed.ask("/v1/test", ["HTTP_X_API_KEY": "any"]).head.first == "Status: 401 Unauthorized")
        #expect(await closed.ask("/v1/open").body == "open")
    }
}
