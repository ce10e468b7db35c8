import CGI
import TestSupport
import Testing

@testable import Sessions

@Suite("Session modes")
struct SessionModeTests {
    @Test(
        "the mode decides whether a turn sees the session and whether it is stored",
        arguments: [
            ("normal", ["one"], 2), ("", ["one"], 2), ("readonly", ["one"], 1), ("ReadOnly", ["one"], 1), ("ephemeral", [], 1),
        ])
    func modes(mode: String, seen: [String], turnCount: Int) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await api.chat("one")
        #expect(await api.chat("two", headers: ["x-session-mode": mode]).answer == "Answer 2")
        #expect(await model.lastHistory == seen)
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == turnCount)
    }

    @Test("a turn that is not stored creates no session", arguments: ["readonly", "ephemeral"])
    func noSession(mode: String) async throws {
        let api = try API()
        #expect(await api.chat("Hello", headers: ["x-session-mode": mode]).status == 200)
        #expect(try api.directory.files == [])
        expectError(await api.send("GET", "/v1/session"), 404, "session_not_found")
    }

    @Test("a turn that is not stored needs a session key all the same", arguments: ["readonly", "ephemeral"])
    func sessionKey(mode: String) async throws {
        let response = try await API().send(
            "POST", "/v1/chat/completions", session: nil, headers: ["x-session-mode": mode], body: API.body("Hello"))
        expectError(response, 400, "missing_session_key")
    }

    @Test("an unknown mode is refused before the model is asked", arguments: ["read-only", "none", "normal, readonly"])
    func invalid(mode: String) async throws {
        let model = ScriptedModel()
        expectError(
            try await API(model).chat("Hello", headers: ["x-session-mode": mode]), 400, "invalid_value", param: "x-session-mode")
        #expect(await model.count == 0)
    }

    @Test(
        "a turn that is not stored is answered while another turn of the session runs", arguments: ["readonly", "ephemeral"],
        [false, true])
    func noWaiting(mode: String, inAnotherStore: Bool) async throws {
        let gate = Gate()
        let model = ScriptedModel { number in
            if number == 2 { await gate.pass() }
            return "Answer \(number)"
        }
        let first = try API(model) { $0.busyTimeout = .seconds(60) }
        let second = inAnotherStore ? try API(model, in: first.directory) { $0.busyTimeout = .seconds(60) } : first
        _ = await first.chat("one")
        async let running = first.chat("two")
        #expect(try await eventually { gate.arrivals == 1 })
        #expect(await second.chat("three", headers: ["x-session-mode": mode]).answer == "Answer 3")
        #expect(await model.lastHistory == (mode == "readonly" ? ["one"] : []))
        gate.open()
        #expect(await running.answer == "Answer 2")
        #expect(try await first.sessions.summary(of: SessionKey("a")).turnCount == 2)
    }
}
