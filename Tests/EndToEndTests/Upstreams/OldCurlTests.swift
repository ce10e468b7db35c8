import Harness
import TestSupport
import Testing

/// With a library that hides from the program what libcurl has got since.
@Suite("The libcurl of an old host")
struct OldCurlTests {
    /// Of CentOS 7, AlmaLinux 8, Debian 11 and AlmaLinux 9.
    private static let versions = [29, 61, 74, 76]

    /// Runs a site that asks an upstream over TLS, and what must be true of it.
    private func run(
        _ version: Int, name: String = "IP:127.0.0.1", trusts: Bool = true, environment: [String: String] = [:],
        _ body: (Server, HeldUpstream, EncryptedFront) async throws -> Void
    ) async throws {
        let (home, upstream) = (try TemporaryDirectory(), try HeldUpstream())
        let front = try await EncryptedFront(of: upstream.port, name: name)
        var all = upstream.environment.merging(try HostCurl.environment(version, home)) { $1 }.merging(environment) { $1 }
        all["NANOBOT_UPSTREAM_URL"] = front.url
        all["NANOBOT_UPSTREAM_RETRIES"] = "0"
        if trusts { all["SSL_CERT_FILE"] = front.certificate }
        try await Site.run(environment: all) { try await body(try $0.server, upstream, front) }
        try await front.stop()
    }

    @Test("a hundred chats at once are asked, by HTTP/2 where there is one, and streamed as they come", arguments: versions)
    func chats(version: Int) async throws {
        try await run(version) { server, upstream, front in
            let stream = try StreamClient(port: server.port, session: "stream")
            #expect(try await eventually { try stream.has("one ") })
            let port = server.port
            try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                for index in 1...99 {
                    group.addTask { try await onOwnThread { try HTTPConnection(port: port).chat("Hello", session: "s\(index)") } }
                }
                #expect(try await eventually { upstream.asked == 100 })
                #expect(try !stream.has("two"))
                upstream.release()
                for try await response in group { #expect(response.status == 200 && response.answer == "one two") }
            }
            #expect(try await eventually { try stream.has("[DONE]") })
            let log = try front.log
            #expect(log.count == 100 && Set(log) == ["\(version < 33 ? "HTTP/1.1" : "HTTP/2.0") /v1/chat/completions"])
        }
    }

    @Test(
        "a certificate that nobody trusts is refused, and so is another server's",
        arguments: versions, [(name: "IP:127.0.0.1", isTrusted: false), (name: "DNS:other.example", isTrusted: true)])
    func untrusted(version: Int, certificate: (name: String, isTrusted: Bool)) async throws {
        try await run(version, name: certificate.name, trusts: certificate.isTrusted) { server, upstream, _ in
            upstream.release()
            expectError(try await server.chat("Hello", session: "a"), 503, "upstream_unavailable")
            #expect(upstream.asked == 0)
        }
    }

    @Test("an upstream that takes too long is a timeout", arguments: versions)
    func timeout(version: Int) async throws {
        try await run(version, environment: ["NANOBOT_UPSTREAM_TIMEOUT": "1"]) { server, upstream, _ in
            expectError(try await server.chat("Hello", session: "a"), 504, "upstream_timeout")
            #expect(upstream.asked == 1)
            upstream.release()
        }
    }

    @Test("an upstream on a Unix-domain socket is an error if libcurl knows none")
    func socket() async throws {
        let home = try TemporaryDirectory()
        var environment = try HostCurl.environment(29, home)
        environment["NANOBOT_UPSTREAM_URL"] = "http://unix:\(home.path)/model.sock:/v1"
        try await Site.run(environment: environment) { site in
            let response = try await site.server.chat("Hello", session: "a")
            expectError(response, 503, "upstream_unavailable")
            #expect(site.responder().standardError.contains("it is older than 7.40"))
        }
    }
}
