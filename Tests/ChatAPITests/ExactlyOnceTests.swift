import CGI
import Foundation
import TestSupport
import Testing

@testable import Sessions

@Suite("Exactly once")
struct ExactlyOnceTests {
    @Test(
        "a retry with the same key gets the stored answer, byte for byte, and says so; a restart changes nothing",
        arguments: ["idempotency-key", "x-message-id"])
    func replay(header: String) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await api.chat("Hello", headers: [header: "k"])
        #expect(first.header("idempotency-replayed") == nil)
        _ = await api.chat("Another", headers: [header: "other"])
        for api in [api, try API(model, in: api.directory)] {
            let second = await api.chat("Hello", headers: [header: "k"])
            #expect(second.status == 200)
            #expect(second.text == first.text)
            #expect(second.header("idempotency-replayed") == "true")
        }
        #expect(await model.count == 2)
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 2)
    }

    @Test("an idempotency key stands for one body: another body is a conflict, and the model is not asked")
    func conflict() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await api.chat("Hello", headers: ["idempotency-key": "k"])
        expectError(await api.chat("Good bye", headers: ["idempotency-key": "k"]), 409, "idempotency_key_conflict")
        let retry: KeyValuePairs = ["idempotency-key": "k", "x-stainless-retry-count": "1"]
        expectError(await api.chat("Good bye", headers: retry), 409, "idempotency_key_conflict")
        #expect(await model.count == 1)
    }

    @Test("an idempotency key belongs to its session")
    func scope() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        for session in ["a", "b", "a:b"] {
            #expect(await api.chat("Hello", session: session, headers: ["idempotency-key": "k"]).status == 200)
        }
        #expect(await model.count == 3)
    }

    @Test("an empty idempotency key counts as absent; Idempotency-Key wins over x-message-id")
    func empty() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        for _ in 0..<2 { _ = await api.chat("Hello", headers: ["idempotency-key": "", "x-message-id": ""]) }
        #expect(await model.count == 2)
        for _ in 0..<2 { _ = await api.chat("Hello", headers: ["idempotency-key": "", "x-message-id": "m"]) }
        #expect(await model.count == 3)
        _ = await api.chat("Hello", headers: ["idempotency-key": "k", "x-message-id": "m"])
        #expect(await model.count == 4)
        _ = await api.chat("Hello", headers: ["idempotency-key": "k", "x-message-id": "n"])
        #expect(await model.count == 4)
    }

    @Test("an idempotency key that is too long, or not UTF-8, is refused", arguments: ["idempotency-key", "x-message-id"])
    func invalid(header: String) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        for key in [String(repeating: "k", count: 256), String(repeating: "é", count: 128), "a\u{fffd}"] {
            expectError(await api.chat("Hello", headers: [header: key]), 400, "invalid_value", param: header)
            // Also the one that is not used.
            let both: KeyValuePairs = [header: key, header == "x-message-id" ? "idempotency-key" : "x-message-id": "k"]
            expectError(await api.chat("Hello", headers: both), 400, "invalid_value", param: header)
        }
        #expect(await model.count == 0)
        let longest = String(repeating: "é", count: 127) + "k"
        for _ in 0..<2 { #expect(await api.chat("Hello", headers: [header: longest]).status == 200) }
        #expect(await model.count == 1)
    }

    @Test(
        "idempotency keys are compared as bytes, whatever they contain",
        arguments: [("é", "e\u{301}"), ("a", "A"), ("\"", "\\\""), ("k", "k\",\"x"), ("\\", "\\\\")])
    func bytes(key: String, other: String) async throws {
        let model = ScriptedModel()
        let api = try API(model)
        for key in [key, other, key, other] { #expect(await api.chat("Hello", headers: ["x-message-id": key]).status == 200) }
        #expect(await model.count == 2)
    }

    @Test("a client's retry count finds the last turn if the body is the same")
    func retryCount() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let first = await api.chat("Hello")
        for count in ["0", "", "x", "-1"] { _ = await api.chat("Hello", session: "b", headers: ["x-stainless-retry-count": count]) }
        #expect(await model.count == 5)
        let second = await api.chat("Hello", headers: ["x-stainless-retry-count": "1"])
        #expect(second.text == first.text)
        #expect(second.header("idempotency-replayed") == "true")
        #expect(await model.count == 5)
        let other = await api.chat("Good bye", headers: ["x-stainless-retry-count": "2"])
        #expect(other.header("idempotency-replayed") == nil)
        // The last turn is a different one now.
        _ = await api.chat("Hello", headers: ["x-stainless-retry-count": "3"])
        #expect(await model.count == 7)
    }

    @Test(
        "the retry of a request that failed is not answered with what the same words got before", arguments: [false, true], [false, true])
    func sameWordsTwice(inAnotherStore: Bool, isBusy: Bool) async throws {
        struct Broken: Error {}
        let gate = Gate()
        let model = ScriptedModel { number in
            if isBusy, number == 2 { await gate.pass() }
            guard number != 2 else { throw Broken() }
            return "Answer \(number)"
        }
        let api = try API(model, { if isBusy { $0.busyTimeout = .milliseconds(50) } })
        let other = inAnotherStore ? try API(model, in: api.directory) : api
        #expect(await api.chat("next").answer == "Answer 1")
        if isBusy {
            // Another request fails meanwhile, so the same words stay the last ones.
            async let failed = other.chat("Hello")
            #expect(try await eventually { gate.arrivals == 1 })
            expectError(await api.chat("next"), 409, "session_busy")
            gate.open()
            expectError(await failed, 502, "upstream_error")
        } else {
            expectError(await api.chat("next"), 502, "upstream_error")
        }
        let retry = await other.chat("next", headers: ["x-stainless-retry-count": "1"])
        #expect(retry.answer == "Answer 3" && retry.header("idempotency-replayed") == nil)
        // The answer of this one may be lost, too.
        let second = await api.chat("next", headers: ["x-stainless-retry-count": "2"])
        #expect(second.answer == "Answer 3" && second.header("idempotency-replayed") == "true")
    }

    @Test("a retry whose first try never arrived is answered like a first try")
    func lostFirstTry() async throws {
        let model = ScriptedModel()
        let response = try await API(model).chat("Hello", headers: ["x-stainless-retry-count": "1", "idempotency-key": "k"])
        #expect(response.answer == "Answer 1")
        #expect(response.header("idempotency-replayed") == nil)
    }

    @Test(
        "a retry that comes while the first try runs waits for it and gets its answer", arguments: [false, true],
        ["idempotency-key", "x-stainless-retry-count"])
    func running(inAnotherStore: Bool, header: String) async throws {
        let gate = Gate()
        let model = ScriptedModel {
            await gate.pass()
            return "Answer \($0)"
        }
        let first = try API(model)
        let second = inAnotherStore ? try API(model, in: first.directory) : first
        async let answer = first.chat("Hello", headers: [header: "1"])
        #expect(try await eventually { gate.arrivals == 1 })
        async let retry = second.chat("Hello", headers: [header: "1"])
        #expect(try await eventually { try first.isWaitedFor("a") })
        gate.open()
        let responses = await [answer, retry]
        #expect(responses[0].answer == "Answer 1")
        #expect(responses[1].text == responses[0].text)
        #expect(responses.map { $0.header("idempotency-replayed") } == [nil, "true"])
        #expect(await model.count == 1)
    }

    @Test("a try that fails stores nothing, and a retry asks again")
    func failure() async throws {
        struct Broken: Error {}
        let model = ScriptedModel { number in
            guard number > 2 else { throw Broken() }
            return "Answer \(number)"
        }
        let api = try API(model)
        let headers: KeyValuePairs = ["idempotency-key": "k", "x-stainless-retry-count": "1"]
        for _ in 0..<2 {
            expectError(await api.chat("Hello", headers: headers), 502, "upstream_error")
            #expect(try api.directory.files == [])
        }
        let response = await api.chat("Hello", headers: headers)
        #expect(response.answer == "Answer 3")
        #expect(response.header("idempotency-replayed") == nil)
        #expect(await api.chat("Hello", headers: headers).header("idempotency-replayed") == "true")
        #expect(await model.count == 3)
    }

    @Test("a retry that waited for a try that failed asks in its place", arguments: [false, true])
    func failureWhileWaiting(inAnotherStore: Bool) async throws {
        struct Broken: Error {}
        let gate = Gate()
        let model = ScriptedModel { number in
            await gate.pass()
            guard number > 1 else { throw Broken() }
            return "Answer \(number)"
        }
        let first = try API(model)
        let second = inAnotherStore ? try API(model, in: first.directory) : first
        async let failed = first.chat("Hello", headers: ["idempotency-key": "k"])
        #expect(try await eventually { gate.arrivals == 1 })
        async let retry = second.chat("Hello", headers: ["idempotency-key": "k"])
        #expect(try await eventually { try first.isWaitedFor("a") })
        gate.open()
        expectError(await failed, 502, "upstream_error")
        #expect(await retry.answer == "Answer 2")
    }

    @Test("a key is found whatever the clock of its turn said, until a day has passed and many turns have followed")
    func old() async throws {
        let model = ScriptedModel()
        for age in [86_400 - 60, 86_400 + 60, -2 * 86_400] {
            let earlier = try API(model, age: TimeInterval(age))
            #expect(await earlier.chat("Hello", headers: ["idempotency-key": "k"]).status == 200)
            let now = try API(model, in: earlier.directory)
            #expect(await now.chat("Hello", headers: ["idempotency-key": "k"]).header("idempotency-replayed") == "true", "\(age)")
        }
        let long = String(repeating: "x", count: 300_000)
        for age in [86_400 - 60, 86_400 + 60] {
            let earlier = try API(model, age: TimeInterval(age))
            #expect(await earlier.chat("Hello", headers: ["idempotency-key": "k"]).status == 200)
            #expect(await earlier.chat(long).status == 200)
            let now = try API(model, in: earlier.directory)
            #expect(await now.chat("Hello again").status == 200)
            let replayed = await now.chat("Hello", headers: ["idempotency-key": "k"]).header("idempotency-replayed")
            #expect(replayed == (age < 86_400 ? "true" : nil), "\(age)")
        }
    }

    @Test("a retry of a turn that was taken back asks the model again")
    func undone() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        _ = await api.chat("Hello", headers: ["idempotency-key": "k"])
        #expect(await api.send("POST", "/v1/session/undo").status == 200)
        #expect(await api.chat("Hello", headers: ["idempotency-key": "k"]).answer == "Answer 2")
        #expect(await api.send("DELETE", "/v1/session").status == 200)
        #expect(await api.chat("Hello", headers: ["x-stainless-retry-count": "1"]).answer == "Answer 3")
    }
}
