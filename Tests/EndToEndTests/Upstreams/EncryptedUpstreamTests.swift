import Testing

@Suite("An upstream over TLS")
struct EncryptedUpstreamTests {
    @Test("an upstream is asked over HTTP/2 if SSL_CERT_FILE trusts its certificate, and refused if not", arguments: [true, false])
    func assumeIntact(isNamed: Bool) async throws {
        let upstream = try HeldUpstream()
        upstream.release()
        let front = try await EncryptedFront(of: upstream.port)
        var environment = ["NANOBOT_UPSTREAM_URL": front.url, "NANOBOT_UPSTREAM_MODEL": "held"]
        if isNamed { environment["SSL_CERT_FILE"] = front.certificate }
        try await Site.run(environment: environment) { site in
            let response = try await site.server.chat("Hello", session: "a")
            if isNamed {
                #expect(response.status == 200 && response.answer == "one two")
                #expect(try front.log == ["HTTP/2.0 /v1/chat/completions"])
            } else {
                #expect(response.status == 503 && response.json["error"]["code"] == .string("upstream_unavailable"))
                #expect(upstream.asked == 0)
            }
        }
        try await front.stop()
    }
}
