import Concurrency
import Logging
import TestSupport
import Testing

@testable import Models

@Suite("Retries and further upstreams")
struct UpstreamRetryTests {
    /// A server that responds with these statuses in turn; 200 is an answer.
    private func peer(_ statuses: Int..., headers: [String] = []) throws -> Peer {
        try Peer { peer in
            guard !statuses.isEmpty else { return }
            let connection = try peer.accept()
            for status in statuses {
                _ = try connection.request()
                try connection.respond(status == 200 ? Fixture.completion : "{}", status: status, headers: headers)
            }
        }
    }

    @Test("a status that may pass is retried after growing pauses", arguments: [408, 409, 424, 429, 502, 503])
    func retries(status: Int) async throws {
        let peer = try peer(status, status, 200)
        let clock = TestClock()
        #expect(try await UpstreamModel.make(peer.url, retries: 2, clock: clock.clock).answer().content == "Hello.")
        try await peer.finish()
        #expect(clock.pauses == [.milliseconds(500), .seconds(1)])
    }

    @Test("an upstream is retried no more often than configured")
    func bounded() async throws {
        let peer = try peer(503, 503)
        #expect(try await UpstreamModel.make(peer.url, retries: 1).failure().code == .failed)
        try await peer.finish()
    }

    @Test("a connection that fails is retried")
    func connect() async throws {
        let clock = TestClock()
        #expect(try await UpstreamModel.make("http://127.0.0.1:1/v1", retries: 2, clock: clock.clock).failure().code == .unavailable)
        #expect(clock.pauses.count == 2)
    }

    @Test("other statuses are not retried", arguments: [400, 401, 402, 415, 451, 500, 504])
    func notRetried(status: Int) async throws {
        let peer = try peer(status)
        let clock = TestClock()
        _ = try await UpstreamModel.make(peer.url, retries: 2, clock: clock.clock).failure()
        try await peer.finish()
        #expect(clock.pauses.isEmpty)
    }

    @Test("Retry-After is honoured")
    func retryAfter() async throws {
        let peer = try peer(429, 200, headers: ["Retry-After: 3"])
        let clock = TestClock()
        _ = try await UpstreamModel.make(peer.url, retries: 2, clock: clock.clock).answer()
        try await peer.finish()
        #expect(clock.pauses == [.milliseconds(3500)])
    }

    @Test("there is no pause beyond the turn's time limit")
    func tooLate() async throws {
        let peer = try peer(429, headers: ["Retry-After: 400"])
        let clock = TestClock()
        let error = try await UpstreamModel.make(peer.url, retries: 2, clock: clock.clock).failure()
        try await peer.finish()
        #expect(error.code == .rateLimited && error.retryAfter == 400)
        #expect(clock.pauses.isEmpty)
    }

    @Test("if an upstream fails, the next one is asked, and the operator gets a warning")
    func fallbacks() async throws {
        let (first, second, third, fourth) = try (peer(503, 503), peer(401), peer(200), peer())
        let lines = Log<LogLine>()
        let model = try UpstreamModel.make(first.url, second.url, third.url, fourth.url, retries: 1, log: lines)
        #expect(try await model.answer().content == "Hello.")
        for peer in [first, second, third, fourth] { try await peer.finish() }
        #expect(fourth.connections == 0)
        #expect(lines.entries.count == 3 && lines.entries.allSatisfy { $0.level == .warning })
        #expect(lines.entries.first?.message.contains(first.url) == true && lines.entries.last?.message.contains(second.url) == true)
    }

    @Test("if there is another upstream, a long Retry-After is not waited for")
    func fallbackInsteadOfWaiting() async throws {
        let (first, second) = try (peer(429, headers: ["Retry-After: 15"]), peer(200))
        let clock = TestClock()
        #expect(try await UpstreamModel.make(first.url, second.url, retries: 2, clock: clock.clock).answer().content == "Hello.")
        #expect(clock.pauses.isEmpty)
    }

    @Test("what one upstream lacks another may have", arguments: [402, 409])
    func lacking(status: Int) async throws {
        let (first, second) = try (peer(status), peer(200))
        #expect(try await UpstreamModel.make(first.url, second.url).answer().content == "Hello.")
        for peer in [first, second] { try await peer.finish() }
    }

    @Test("an error in an answer is retried unless some of it was passed on", arguments: [true, false])
    func errorInAnswer(isPassedOn: Bool) async throws {
        let peer = try Peer { peer in
            let first = try peer.accept()
            _ = try first.request()
            let text = isPassedOn ? Fixture.event(#"{"content":"Hel"}"#) : ""
            try first.respond(text + Fixture.event(#"{"content":""}"#, finish: #""network_error""#))
            guard !isPassedOn else { return }
            _ = try first.request()
            try first.respond(Fixture.stream)
        }
        let model = try UpstreamModel.make(peer.url, retries: 1)
        if isPassedOn {
            #expect(try await model.failure { _ in }.code == .failed)
        } else {
            #expect(try await model.answer { _ in }.content == "Hello, wörld.")
        }
        try await peer.finish()
    }

    @Test("a request that one upstream refuses is not sent to another")
    func refused() async throws {
        let (first, second) = try (peer(400), peer())
        #expect(try await UpstreamModel.make(first.url, second.url).failure().code == .refused(status: 400))
        #expect(second.connections == 0)
    }

    @Test("a dead upstream is not asked until a probe is due, and a successful probe closes the circuit")
    func circuit() async throws {
        let paths = Log<String>()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for status in [500, 500, 500, 500, 500, 500, 404, 200, 200] {
                paths.append(try connection.request().line)
                try connection.respond(status == 200 ? Fixture.completion : "{}", status: status)
            }
        }
        let clock = TestClock()
        let model = try UpstreamModel.make(peer.url, clock: clock.clock)
        // Of one conversation, any number counts once.
        for conversation in ["a", "a", "b", "c", "d", "e"] {
            var prompt = Prompt.make(message: "Hi")
            prompt.conversation = conversation
            await #expect(throws: ModelError.self) { try await model.complete(prompt) }
        }
        for _ in 0..<3 {
            let error = try await model.failure()
            #expect(error.code == .unavailable)
            #expect(error.retryAfter == 1)
        }
        clock.advance(by: .seconds(2))
        for _ in 0..<2 { #expect(try await model.answer().content == "Hello.") }
        try await peer.finish()
        #expect(paths.entries.suffix(3) == ["GET /v1/models HTTP/1.1"] + Array(repeating: "POST /v1/chat/completions HTTP/1.1", count: 2))
    }
}
