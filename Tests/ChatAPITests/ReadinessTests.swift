import Concurrency
import Foundation
import Models
import Sessions
import TestSupport
import Testing

@testable import ChatAPI

@Suite("Readiness")
struct ReadinessTests {
    /// A model of which a test says whether it can be reached.
    private final class Model: ChatModel {
        let isReachable = Mutex(true)
        let checks = Log<Int>()
        let gate: Gate?

        init(gate: Gate? = nil) { self.gate = gate }

        func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion { .make("x") }

        func checkReachable() async throws(ModelError) {
            checks.append(1)
            await gate?.pass()
            guard isReachable.withLock(\.self) else { throw ModelError(.unavailable, "The upstream http://10.1.2.3/v1 is away") }
        }
    }

    @Test("a model that cannot be reached is 503, which tells nobody where it is; later it is 200 again")
    func model() async throws {
        let model = Model()
        let api = try API(model)
        #expect(await api.send("GET", "/ready", session: nil).text == #"{"status":"ready"}"#)
        model.isReachable.withLock { $0 = false }
        var response = await api.send("GET", "/ready")
        let isSeen = try await eventually {
            response = await api.send("GET", "/ready")
            return response.status == 503
        }
        #expect(isSeen && response.text.contains(#""code":"upstream_unavailable""#) && !response.text.contains("10.1.2.3"))
        #expect(response.header("retry-after") == "1")
        model.isReachable.withLock { $0 = true }
        let isReady = try await eventually { await api.send("GET", "/v1/ready/").status == 200 }
        #expect(isReady)
    }

    @Test("however many ask at once, the model is not asked by each of them")
    func oneCheck() async throws {
        let gate = Gate()
        let model = Model(gate: gate)
        let api = try API(model)
        let statuses = await withTaskGroup(of: Int.self) { group in
            for _ in 1...50 { group.addTask { await api.send("GET", "/ready").status } }
            _ = try? await eventually { !model.checks.entries.isEmpty }
            gate.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        // More than one where a request comes a second after the check, on a slow machine.
        #expect(statuses == Array(repeating: 200, count: 50) && (1...5).contains(model.checks.entries.count))
    }

    @Test("a data directory that is gone, or that is full, is 503")
    func storage() async throws {
        let api = try API()
        try FileManager.default.removeItem(atPath: api.directory.path + "/sessions")
        let gone = await api.send("GET", "/ready")
        #expect(gone.status == 503 && gone.text.contains(#""code":"storage_unavailable""#) && !gone.text.contains(api.directory.path))
        let full = await (try API { $0.minimumFreeBytes = 1 << 50 }).send("GET", "/ready")
        #expect(full.status == 503 && full.text.contains(#""code":"storage_full""#))
    }

    @Test("a check leaves no file behind")
    func files() async throws {
        let api = try API()
        #expect(await api.send("GET", "/ready").status == 200)
        #expect(try FileManager.default.contentsOfDirectory(atPath: api.directory.path + "/sessions") == [])
    }
}
