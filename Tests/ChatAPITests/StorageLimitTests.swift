import CGI
import JSON
import TestSupport
import Testing

@testable import Sessions

@Suite("Limits of the storage")
struct StorageLimitTests {
    @Test("a full session takes no more turns, the error names it, and it can still be read, undone and deleted")
    func fullSession() async throws {
        let model = ScriptedModel()
        let api = try API(model) { $0.maximumSessionBytes = 100 }
        #expect(await api.chat("one", session: "wx:dm:1").status == 200)
        let refused = await api.chat("two", session: "wx:dm:1")
        expectError(refused, 507, "storage_full")
        #expect(refused.text.contains("Session wx:dm:1 has "))
        #expect(!refused.text.contains(api.directory.path))
        #expect(await model.count == 1)

        #expect(await api.chat("one", session: "wx:dm:2").status == 200)
        #expect(await api.chat("two", session: "wx:dm:1", headers: ["x-session-mode": "readonly"]).status == 200)
        #expect(await api.send("GET", "/v1/session", session: "wx:dm:1").status == 200)
        #expect(await api.send("POST", "/v1/session/undo", session: "wx:dm:1").status == 200)
        #expect(await api.send("DELETE", "/v1/session", session: "wx:dm:1").status == 200)
        #expect(await api.chat("two", session: "wx:dm:1").status == 200)
    }

    @Test("a retry of a full session's last turn gets the stored answer")
    func retry() async throws {
        let api = try API { $0.maximumSessionBytes = 100 }
        let first = await api.chat("one", headers: ["idempotency-key": "k"])
        #expect(await api.chat("one", headers: ["idempotency-key": "k"]).text == first.text)
    }

    @Test("with too little room on the disk nothing is added, and the model is not asked")
    func fullDisk() async throws {
        let model = ScriptedModel()
        let roomy = try API(model)
        _ = await roomy.chat("one")
        let api = try API(model, in: roomy.directory) { $0.minimumFreeBytes = .max }
        expectError(await api.chat("two"), 507, "storage_full")
        expectError(await api.chat("two", session: "b"), 507, "storage_full")
        expectError(await api.send("POST", "/v1/session/fork", body: #"{"to":"b"}"#), 507, "storage_full")
        #expect(await model.count == 1)
        #expect(try api.directory.files == ["a.json"])

        #expect(await api.send("GET", "/v1/session").status == 200)
        #expect(await api.chat("two", headers: ["x-session-mode": "readonly"]).status == 200)
        #expect(await api.send("DELETE", "/v1/session").status == 200)
    }

    @Test("a turn that waits too long for the one before it is told to retry")
    func busy() async throws {
        let gate = Gate()
        let model = ScriptedModel {
            await gate.pass()
            return "Answer \($0)"
        }
        let api = try API(model)
        let impatient = try API(model, in: api.directory) { $0.busyTimeout = .zero }
        async let running = api.chat("one")
        #expect(try await eventually { gate.arrivals == 1 })
        let refused = await impatient.chat("two")
        expectError(refused, 409, "session_busy")
        #expect(refused.header("retry-after") != nil)
        for (method, path) in [("DELETE", "/v1/session"), ("POST", "/v1/session/undo")] {
            expectError(await impatient.send(method, path), 409, "session_busy")
        }
        gate.open()
        #expect(await running.status == 200)
        #expect(await model.count == 1)
    }
}
