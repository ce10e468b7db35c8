import Access
import CGI
import Foundation
import Harness
import SystemPackage
import TestSupport
import Testing
import Text

@testable import Server

@Suite("Requests of web pages")
struct CrossOriginTests {
    private static let (app, own) = ("https://app.example:8443", "https://own.example")

    /// A server with an origin in its settings, and a key with one of its own.
    private struct Fixture {
        let home: TemporaryDirectory
        let server: Server
        let secret: String

        /// - Parameter hasKey: whether there is a key.
        init(origins: [String] = [app], hasKey: Bool = true) throws {
            home = try TemporaryDirectory()
            let file = KeyFile(FilePath(home.path + "/keys.json"))
            var key = APIKey(name: "a", scopes: [try #require(SessionScope("*"))], permissions: [.chat], created: Date())
            key.origins = [try #require(Origin(CrossOriginTests.own))]
            secret = key.rotate(grace: 0, now: Date())
            if hasKey { try file.change { [key] ring throws(KeyFileError) in try ring.add(key) } }
            let stream = TestEndpoint(path: "/v1/stream", admission: .everybody) { _, writer in
                writer.begin(status: 200, headers: EventStream.headers)
                try await writer.write(EventStream.data([]), isLast: true)
            }
            let failing = TestEndpoint(path: "/v1/failing", admission: .everybody) { _, _ in throw CancellationError() }
            let store = try KeyStore(file, dataDirectory: nil, logger: .test())
            server = Server.make(
                [TestEndpoint(), stream, failing],
                middleware: MiddlewareList.serving(
                    guarding: nil, sessionNames: .none, authentication: Authentication(store, isRequired: false)),
                configure: { $0.origins = origins.compactMap(Origin.init) })
        }

        /// The values of a response's header, each of them a field.
        func ask(
            _ method: String = "GET", _ path: String = "/v1/test", _ variables: KeyValuePairs<String, String> = [:], _ header: String
        ) async -> [String] {
            await server.ask(method, path, variables).fields(header)
        }
    }

    @Test(
        "every response to an origin that may read it says so, whatever it is",
        arguments: [
            ("GET", "/v1/test"), ("HEAD", "/v1/test"), ("PUT", "/v1/test"), ("OPTIONS", "/v1/test"), ("GET", "/v1/none"),
            ("GET", "/v1/stream"), ("GET", "/v1/failing"),
        ])
    func allowed(method: String, path: String) async throws {
        let fixture = try Fixture()
        // Without a key, and with one that does not exist: the page reads why it was refused.
        for (origin, secret) in [(Self.app, ""), (Self.app, "x"), (Self.own, ""), (Self.own, "x"), (Self.own, fixture.secret)] {
            let response = await fixture.server.ask(method, path, ["HTTP_ORIGIN": origin, "HTTP_X_API_KEY": secret])
            #expect(response.fields("Access-Control-Allow-Origin") == [origin])
            #expect(response.fields("Access-Control-Expose-Headers").first?.hasPrefix("x-request-id, retry-after,") == true)
            #expect(response.fields("Vary") == [CacheControl.vary])
        }
    }

    @Test("the key of a request decides whether its own origins may read the response")
    func ownOrigins() async throws {
        let fixture = try Fixture(origins: [])
        let allow = "Access-Control-Allow-Origin"
        let key = fixture.secret
        #expect(await fixture.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.own, "HTTP_X_API_KEY": key], allow) == [Self.own])
        #expect(await fixture.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.app, "HTTP_X_API_KEY": key], allow) == [])
        #expect(await fixture.ask("GET", "/v1/test", ["HTTP_X_API_KEY": key], "Vary") == [CacheControl.vary])
        // Nobody has an origin: nothing depends on it.
        let closed = try Fixture(origins: [], hasKey: false)
        #expect(await closed.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.own], allow) == [])
        #expect(await closed.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.own], "Vary") == [CacheControl.vary])
        let open = try Fixture(hasKey: false)
        #expect(await open.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.app], allow) == [Self.app])
        #expect(await open.ask("GET", "/v1/test", ["HTTP_ORIGIN": Self.own], allow) == [])
    }

    @Test(
        "a browser that asks first may send what clients send, at any path and without a key",
        arguments: ["/v1/test", "/v1/none"], [app, own])
    func preflights(path: String, origin: String) async throws {
        let asked = "authorization,x-session-key, X-Stainless-OS ,x-stainless-retry-count"
        let variables: KeyValuePairs = [
            "HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": asked,
        ]
        let response = try await Fixture().server.ask("OPTIONS", path, variables)
        #expect(response.head.first == "Status: 204 No Content" && response.body.isEmpty)
        #expect(response.fields("Access-Control-Allow-Origin") == [origin])
        #expect(response.fields("Access-Control-Allow-Methods") == ["GET, HEAD, POST, DELETE"])
        #expect(response.fields("Access-Control-Max-Age") == ["600"])
        let names = try #require(response.fields("Access-Control-Allow-Headers").first).components(separatedBy: ", ")
        let usual = [
            "authorization", "content-type", "x-session-key", "x-session-mode", "idempotency-key", "x-message-id", "x-request-id",
            "x-api-key", "api-key", "x-stainless-os", "x-stainless-retry-count",
        ]
        #expect(Set(names).isSuperset(of: usual) && !names.contains("*"))
        #expect(response.fields("Vary") == [CacheControl.vary])
    }

    @Test(
        "what a browser asks for is not repeated, unless it is a header of OpenAI's clients",
        arguments: [
            "x-other", "*", "x-stainless-", "x-stainless-a\u{1}b", "x-stainless-é", "x-stainless-a b;c", "x-stainless-\r\nset-cookie: a",
            "x-stainless-" + String(repeating: "a", count: 1 << 16), String(repeating: "x-stainless-a,", count: 5000),
            String(repeating: ",", count: 1 << 16),
        ])
    func asked(headers: String) async throws {
        let variables: KeyValuePairs = [
            "HTTP_ORIGIN": Self.app, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": headers,
        ]
        let allowed = try #require(try await Fixture().ask("OPTIONS", "/v1/test", variables, "Access-Control-Allow-Headers").first)
        let names = allowed.components(separatedBy: ", ")
        #expect(allowed.utf8.count < 1000 && names.allSatisfy { $0.wholeMatch(of: /[a-z0-9-]+/) != nil })
        #expect(!names.contains("x-other"))
    }

    @Test(
        "an origin that is not allowed gets no header of CORS, and is not repeated",
        arguments: [
            "null", "", "*", "https://app.example", "https://app.example:8443/", "https://app.example:8443.evil.example",
            "HTTPS://APP.EXAMPLE:8443", "http://app.example:8443", "https://app.example:8443, https://app.example:8443",
            "https://app.example:8443\u{1}", "https://app.example:8443\r\nX-Evil: 1", "https://äpp.example",
            "https://app.example:8443\u{301}",
            String(repeating: "a", count: 1 << 16),
        ])
    func refused(origin: String) async throws {
        let fixture = try Fixture()
        for method in ["GET", "OPTIONS"] {
            let response = await fixture.server.ask(
                method, "/v1/test", ["HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"])
            #expect(response.head.allSatisfy { !$0.hasPrefix("Access-Control-") && !$0.contains("evil") && !$0.contains("Evil") })
            #expect(response.fields("Vary") == [CacheControl.vary])
        }
    }

    @Test("two origins in one request are none")
    func repeated() async throws {
        let twice = try await Fixture().ask(
            "GET", "/v1/test", ["HTTP_ORIGIN": Self.app, "HTTP_ORIGIN": Self.app], "Access-Control-Allow-Origin")
        #expect(twice == [])
    }
}

extension Output {
    /// The values of the header's fields.
    fileprivate func fields(_ name: String) -> [String] {
        head.filter { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }
}
