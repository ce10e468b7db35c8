import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Listener: limits")
struct ListenerLimitsTests {
    @Test(
        "a connection that does not finish its head holds no worker and is closed in time",
        arguments: [
            [], Array([Record].head().bytes.prefix(5)), [Record.begin()].bytes, [Record].head().dropLast().bytes,
        ])
    func headTimeout(beginning: [UInt8]) async throws {
        try await ResponderFixture.run(workers: 1, limits: .make(headTimeout: .seconds(1))) { fixture in
            let start = ContinuousClock.now
            let client = try fixture.client()
            try client.send(beginning)
            try fixture.expectGoodRequest()
            #expect(try client.isClosed(within: patience))
            #expect(ContinuousClock.now - start >= .seconds(1))
        }
    }

    @Test("a head that arrives byte by byte gets no more time than any other")
    func slowHead() async throws {
        try await ResponderFixture.run(workers: 1, limits: .make(headTimeout: .seconds(1))) { fixture in
            let client = try fixture.client()
            let deadline = ContinuousClock.now + patience
            for byte in [Record].head([("N", String(repeating: "v", count: 60_000))]).bytes where ContinuousClock.now < deadline {
                let before = fixture.headBytes
                guard (try? client.send([byte])) != nil else { break }
                _ = eventually(within: .milliseconds(100)) { fixture.headBytes != before }
            }
            #expect(try client.isClosed(within: patience))
            #expect(ContinuousClock.now < deadline)
        }
    }

    @Test("a head that is too long is answered, and what follows it is dropped", arguments: [0, 1 << 20], [UInt16(1), 300])
    func longHead(bodyLength: Int, id: UInt16) async throws {
        try await ResponderFixture.run(workers: 1) { fixture in
            let client = try fixture.client()
            let pairs = [("N", String(repeating: "v", count: 200_000))]
            let head = [.begin(keep: true, id: id)] + Record.stream(Record.Kind.params, Record.pairs(pairs), id: id)
            let body = Record.stream(Record.Kind.stdin, [UInt8](repeating: 0, count: bodyLength), id: id)
            try client.send(head + [Record(type: Record.Kind.params, id: id)] + body + [Record(type: Record.Kind.stdin, id: id)])
            #expect(try client.reply(id: id) == .complete("too long"))
            #expect(try client.isClosed(within: patience))
            client.close()
        }
    }

    @Test("whoever goes on sending a head that is too long is closed in time")
    func endlessHead() async throws {
        try await ResponderFixture.run(workers: 1, limits: .make(headTimeout: .seconds(1))) { fixture in
            let client = try fixture.client()
            try client.send([Record].head([("N", String(repeating: "v", count: 70_000))]).dropLast())
            #expect(eventually { fixture.connections == 1 } && eventually { fixture.connections == 0 })
        }
    }

    @Test("a kept connection is closed once it has been idle too long")
    func idleTimeout() async throws {
        try await ResponderFixture.run(limits: .make(idleTimeout: .seconds(1))) { fixture in
            let client = try fixture.client()
            for _ in 0..<3 { #expect(try client.ask(.request(keep: true)) == .echo()) }
            let start = ContinuousClock.now
            #expect(try client.isClosed(within: patience))
            #expect(ContinuousClock.now - start >= .milliseconds(900))
        }
    }

    @Test("a body that stalls is given up", arguments: [Duration.seconds(1), .milliseconds(300)])
    func bodyStallTimeout(timeout: Duration) async throws {
        let log = Log<Body>()
        var limits = Listener.Limits.make()
        limits.bodyStallTimeout = timeout
        try await ResponderFixture.run(workers: 1, limits: limits, handler: Handlers.echo(to: log)) { fixture in
            let client = try fixture.client()
            try client.send([Record].head(keep: true) + Record.stream(Record.Kind.stdin, [1, 2, 3]))
            #expect(try client.reply().text.hasSuffix("late"))
            #expect(try client.isClosed(within: patience))
            #expect(log.entries == [.late])
        }
    }

    @Test("a body that never stalls has time, up to a limit for all of it")
    func bodyTimeout() async throws {
        let log = Log<Body>()
        var limits = Listener.Limits.make()
        (limits.bodyStallTimeout, limits.bodyTimeout) = (.seconds(3600), .seconds(2))
        try await ResponderFixture.run(workers: 1, limits: limits, handler: Handlers.echo(to: log)) { fixture in
            let client = try fixture.client()
            try client.send([Record].head(keep: true))
            let deadline = ContinuousClock.now + patience
            while log.entries.isEmpty, ContinuousClock.now < deadline {
                guard (try? client.send(Record.stream(Record.Kind.stdin, [1]))) != nil else { break }
                _ = eventually(within: .milliseconds(20)) { !log.entries.isEmpty }
            }
            #expect(log.entries == [.late])
            #expect(try client.reply().text.hasSuffix("late"))
        }
    }

    @Test("clients beyond the connection limit wait and are served")
    func connections() async throws {
        let gate = Gate()
        try await ResponderFixture.run(limits: .make(connections: 4), handler: Handlers.echo(after: gate)) { fixture in
            let clients = try (0..<12).map { _ in try fixture.client() }
            for client in clients { try client.send(.request(body: "served")) }
            #expect(eventually { gate.waiting == 4 })
            #expect(fixture.connections == 4)
            gate.open()
            for client in clients { #expect(try client.reply() == .echo(body: "served")) }
        }
    }

    @Test("idle connections are closed to make room for waiting clients, and connections in use are not")
    func room() async throws {
        let gate = Gate()
        let handler: ResponderFixture.Handler = { exchange in
            if exchange.parameters.contains(where: { $0.name == "SLOW" }) { await gate.pass() }
            await Handlers.echo(exchange)
        }
        try await ResponderFixture.run(limits: .make(connections: 3), handler: handler) { fixture in
            let clients = try (0..<3).map { _ in try fixture.client() }
            for client in clients { #expect(try client.ask(.request(keep: true)) == .echo()) }
            try clients[0].send(.request([("SLOW", "1")], keep: true))
            #expect(eventually { gate.waiting == 1 })
            let others = try (0..<3).map { _ in try fixture.client() }
            for client in others { try client.send(.request(body: "served")) }
            for client in others { #expect(try client.reply() == .echo(body: "served")) }
            for client in clients[1...] { #expect(try client.isClosed(within: patience)) }
            gate.open()
            #expect(try clients[0].reply() == .echo([("SLOW", "1")]))
            #expect(try clients[0].ask(.request(keep: true)) == .echo())
        }
    }

    @Test("a body over the limit is refused, and its connection stays usable")
    func bodyLimit() async throws {
        let log = Log<Body>()
        try await ResponderFixture.run(handler: Handlers.echo(to: log, limit: 1000)) { fixture in
            let client = try fixture.client()
            for count in [999, 1000, 1001, 100_000, 1000] {
                _ = try client.ask(.request(body: String(repeating: "b", count: count), keep: true))
            }
            let whole = Body.complete([UInt8](repeating: UInt8(ascii: "b"), count: 1000))
            #expect(log.entries.dropFirst() == [whole, .tooLarge, .tooLarge, whole])
        }
    }

    @Test("a body far over the limit is not read to its end, and its sender can still read the response")
    func endlessBody() async throws {
        var limits = Listener.Limits.make()
        limits.drainLength = 1 << 20
        try await ResponderFixture.run(limits: limits, handler: Handlers.echo(to: Log(), limit: 1000)) { fixture in
            let client = try fixture.client()
            try? client.send(.request(body: String(repeating: "b", count: 8 << 20), keep: true))
            #expect(try client.reply().text.hasSuffix("too large"))
            #expect(try client.isClosed(within: patience))
        }
    }
}
