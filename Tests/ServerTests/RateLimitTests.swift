import Access
import CGI
import Foundation
import Harness
import SystemPackage
import TestSupport
import Testing

@testable import Server

@Suite("Requests of keys with limits")
struct RateLimitTests {
    private struct Fixture {
        let home: TemporaryDirectory
        let server: Server
        let secret: String

        init(_ change: (inout KeyLimits) -> Void) throws {
            home = try TemporaryDirectory()
            let file = KeyFile(FilePath(home.path + "/keys.json"))
            var key = APIKey(name: "a", scopes: [try #require(SessionScope("*"))], permissions: [.chat], created: Date())
            secret = key.rotate(grace: 0, now: Date())
            change(&key.limits)
            try file.change { [key] ring throws(KeyFileError) in try ring.add(key) }
            let endpoint = TestEndpoint { context, writer in
                try context.meter?.reserve(LimitAmount(tokens: 10, cost: 1))
                try await writer.send(Response(status: 200, body: []))
            }
            var (admin, question) = (endpoint, endpoint)
            (admin.path, admin.admission) = ("/v1/admin", .permitted(.admin))
            (question.path, question.admission, question.isUncounted) = ("/v1/question", .keys, true)
            var chat = endpoint
            (chat.path, chat.admission) = ("/v1/chat", .permitted(.chat))
            let authentication = Authentication(try KeyStore(file, dataDirectory: nil, logger: .test()), isRequired: false)
            server = Server.make(
                [chat, admin, question],
                middleware: MiddlewareList.serving(
                    guarding: nil, sessionNames: .full, authentication: authentication,
                    limits: LimitStore(dataDirectory: FilePath(home.path), logger: .test(), now: { Date(timeIntervalSince1970: 1e9) })),
                lines: Log<String>())
        }

        func ask(_ path: String = "/v1/chat") async -> Output { await server.ask("GET", path, ["HTTP_X_API_KEY": secret]) }
    }

    @Test("every response says what is left, refusals and those of other paths too")
    func headers() async throws {
        let fixture = try Fixture { ($0.rpm, $0.tpm) = (2, 15) }
        func rest(_ output: Output) -> [String] {
            output.head.filter { $0.hasPrefix("x-ratelimit-remaining") }.map { String($0.dropFirst(22)) }
        }
        #expect(rest(await fixture.ask()) == ["requests: 1", "tokens: 15"])
        let forbidden = await fixture.ask("/v1/admin")
        #expect(forbidden.head.first == "Status: 403 Forbidden" && rest(forbidden) == ["requests: 0", "tokens: 5"])
        let refused = await fixture.ask()
        #expect(refused.head.first == "Status: 429 Too Many Requests" && refused.body.contains(#""code":"rate_limit_exceeded""#))
        #expect(refused.head.contains("Retry-After: 20") && refused.head.contains("x-ratelimit-reset-requests: 20s"))
        #expect(rest(refused) == ["requests: 0", "tokens: 5"])
        #expect(await fixture.ask("/v1/question").head.first == "Status: 200 OK")
    }

    @Test("what is spent for a day or a month is another error, which clients do not try again")
    func spent() async throws {
        for change: (inout KeyLimits) -> Void in [{ $0.tokensPerDay = 10 }, { $0.budgetPerMonth = 1 }] {
            let fixture = try Fixture(change)
            #expect(await fixture.ask().head.first == "Status: 200 OK")
            let refused = await fixture.ask()
            #expect(refused.head.first == "Status: 429 Too Many Requests" && refused.body.contains(#""code":"insufficient_quota""#))
            #expect(refused.head.contains("x-should-retry: false") && !refused.head.contains { $0.hasPrefix("Retry-After") })
        }
    }

    @Test("if the counts can be neither read nor written nothing goes through, and the client may try again")
    func unavailable() async throws {
        let fixture = try Fixture { $0.rpm = 2 }
        try FileManager.default.createDirectory(atPath: fixture.home.path + "/limits", withIntermediateDirectories: false)
        let id = try #require(try KeyFile(FilePath(fixture.home.path + "/keys.json")).read()?.keys.first?.id)
        try FileManager.default.createDirectory(atPath: fixture.home.path + "/limits/" + id, withIntermediateDirectories: false)
        let refused = await fixture.ask()
        #expect(refused.head.first == "Status: 503 Service Unavailable" && refused.body.contains(#""code":"storage_unavailable""#))
        #expect(refused.head.contains("Retry-After: 1"))
    }
}
