import Testing

@Suite("The responder behind a web server that is already there")
struct ResponderTests {
    @Test(
        "a responder behind an existing web server answers, refuses large bodies and checks the session key first",
        arguments: [true, false])
    func requests(keepsConnections: Bool) async throws {
        try await Site.run(keepsConnections: keepsConnections) { site in
            let server = try site.server
            #expect(try await server.send("GET", "/health").status == 200)
            #expect(try await server.chat("Is my hat blue?", session: "a").status == 200)
            let large = Server.body(String(repeating: "x", count: 2_000_000))
            expectError(try await server.post(large, session: "a"), 413, "request_too_large")
            expectError(try await server.post(large, session: nil), 400, "missing_session_key")
            expectError(
                try await server.send("POST", Server.chatPath, headers: ["Expect:"], body: large), 400, "missing_session_key")
            #expect(try await server.chat("What did I just ask you?", session: "a").answer.contains("Is my hat blue?"))
        }
    }
}
