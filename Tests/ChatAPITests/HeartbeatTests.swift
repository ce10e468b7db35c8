import CGI
import Foundation
import Models
import TestSupport
import Testing

@testable import ChatAPI

@Suite("Heartbeats of long answers")
struct HeartbeatTests {
    private func api(_ model: any ChatModel, after: Duration) throws -> API {
        try API(
            model,
            configure: {
                $0.heartbeatAfter = after
                $0.keepAliveInterval = .milliseconds(1)
            })
    }

    /// White space until the gate is opened, then the rest.
    private func read(_ response: Response, opening gate: Gate) async throws -> String {
        guard case .stream(let stream) = response.body else {
            Issue.record("the response is whole")
            return ""
        }
        var chunks = stream.makeAsyncIterator()
        for _ in 0..<3 { #expect(await chunks.next() == Array(" ".utf8)) }
        gate.open()
        var rest = ""
        while let chunk = await chunks.next() { rest += String(decoding: chunk, as: UTF8.self) }
        return rest.trimmingCharacters(in: [" "])
    }

    @Test("a long turn sends white space, then the same JSON as any other")
    func slow() async throws {
        let gate = Gate()
        let api = try api(GatedModel(.wait(gate), .say("late")), after: .milliseconds(1))
        let response = await api.chat("Hello", headers: ["idempotency-key": "k"])
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/json")
        #expect(response.header("x-accel-buffering") == "no")
        #expect(response.header("x-request-id") != nil)
        let text = try await read(response, opening: gate)
        #expect(text.contains(#""content":"late""#))
        #expect(try await eventually { await api.chat("Hello", headers: ["idempotency-key": "k"]).text == text })
    }

    @Test("an error after the first white space is the body")
    func lateError() async throws {
        let gate = Gate()
        let response = try await api(GatedModel(.wait(gate), .fail(ModelError(.failed, "broken"))), after: .milliseconds(1)).chat("Hello")
        #expect(response.status == 200)
        #expect(try await read(response, opening: gate).hasPrefix(#"{"error":{"message":"#))
    }

    @Test("a short turn sends no white space, and an error keeps its status")
    func fast() async throws {
        let response = try await api(GatedModel(.say("fast")), after: .seconds(3600)).chat("Hello")
        #expect(response.answer == "fast")
        #expect(response.header("x-accel-buffering") == nil)
        #expect(try await api(GatedModel(.fail(ModelError(.failed, "broken"))), after: .seconds(3600)).chat("Hello").status >= 500)
    }
}
