import Testing

@Suite("Session modes through a web server", .sharedServers)
struct SessionModeTests {
    private let question = "What did I just ask you?"

    @Test("a readonly turn sees the history and is not stored, an ephemeral one is neither", arguments: Server.Kind.allCases)
    func modes(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        _ = try await server.chat("Hello, who are you?", session: "modes")
        let readonly = try await server.chat(question, session: "modes", headers: ["x-session-mode: readonly"])
        #expect(readonly.answer.contains("Hello, who are you?"))
        let ephemeral = try await server.chat(question, session: "modes", headers: ["x-session-mode: ephemeral"])
        #expect(ephemeral.status == 200)
        #expect(!ephemeral.answer.contains("Hello, who are you?"))
        #expect(try server.session("modes")["turns"]?.elements.count == 1)
        for mode in ["x-session-mode: normal", "x-session-mode;"] {
            #expect(try await server.chat(question, session: "modes", headers: [mode]).status == 200)
        }
        #expect(try server.session("modes")["turns"]?.elements.count == 3)
    }

    @Test("a turn that is not stored makes no session", arguments: Server.Kind.allCases, ["readonly", "ephemeral"])
    func noSession(kind: Server.Kind, mode: String) async throws {
        let server = try Server.shared(kind)
        #expect(try await server.chat("Hello", session: mode, headers: ["x-session-mode: \(mode)"]).status == 200)
        expectError(try await server.send("GET", "/v1/session", headers: ["x-session-key: \(mode)"]), 404, "session_not_found")
    }

    @Test("an unknown session mode is refused", arguments: Server.Kind.allCases)
    func invalid(kind: Server.Kind) async throws {
        let response = try await Server.shared(kind).chat("Hello", session: "invalid", headers: ["x-session-mode: secret"])
        expectError(response, 400, "invalid_value", param: "x-session-mode")
    }
}
