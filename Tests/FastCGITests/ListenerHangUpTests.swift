import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Listener: hang-up")
struct ListenerHangUpTests {
    /// Asks to be cancelled, waits for it, and records whether it happened.
    private static func recordCancellation(in log: Log<String>, after gate: Gate? = nil) -> ResponderFixture.Handler {
        { exchange in
            log.append("began")
            await gate?.pass()
            var exchange = exchange
            _ = await exchange.body(limit: Handlers.bodyLimit)
            exchange.cancelTaskOnHangUp()
            if exchange.parameters.contains(where: { $0.name == "WAIT" }) {
                await untilCancelled()
                log.append(Task.isCancelled ? "cancelled" : "not cancelled")
            }
            try? await exchange.output.write(Array("answer".utf8), isLast: true)
            await exchange.finish()
        }
    }

    private static func waiting(keep: Bool) -> [Record] { .request([("WAIT", "1")], body: "body", keep: keep) }

    enum Leaving: CaseIterable {
        case close, endSending, abort
    }

    @Test("a task that asked to be cancelled on hang-up is cancelled when its peer leaves", arguments: Leaving.allCases, [false, true])
    func leaves(leaving: Leaving, keep: Bool) async throws {
        let log = Log<String>()
        try await ResponderFixture.run(handler: Self.recordCancellation(in: log)) { fixture in
            let client = try fixture.client()
            // An earlier request on the same connection that asked for it, too, changes nothing.
            if keep { for _ in 0..<3 { #expect(try client.ask(.request(keep: true)) == .complete("answer")) } }
            try client.send(Self.waiting(keep: keep))
            #expect(eventually { log.entries.count == (keep ? 4 : 1) })
            switch leaving {
            case .close: client.close()
            case .endSending: client.endSending()
            case .abort: try client.send([Record(type: Record.Kind.abort)])
            }
            #expect(eventually { log.entries.last == "cancelled" })
            if leaving != .close { #expect(try client.reply() == .complete("answer")) }
        }
    }

    @Test("a task that asks to be cancelled on hang-up after its peer has left is cancelled")
    func leftBefore() async throws {
        let (log, gate) = (Log<String>(), Gate())
        try await ResponderFixture.run(handler: Self.recordCancellation(in: log, after: gate)) { fixture in
            let client = try fixture.client()
            try client.send(Self.waiting(keep: true))
            #expect(eventually { gate.waiting == 1 })
            client.close()
            gate.open()
            #expect(eventually { log.entries.last == "cancelled" })
        }
    }

    @Test("a connection serves its next request after a task that asked to be cancelled, and is closed when the idle peer leaves")
    func keeps() async throws {
        let log = Log<String>()
        try await ResponderFixture.run(workers: 1, handler: Self.recordCancellation(in: log)) { fixture in
            let clients = try (0..<20).map { _ in try fixture.client() }
            for _ in 0..<20 { for client in clients { #expect(try client.ask(.request(keep: true)) == .complete("answer")) } }
            #expect(fixture.connections == 20)
            for client in clients { client.close() }
            #expect(eventually { fixture.connections == 0 })
            #expect(log.entries.allSatisfy { $0 == "began" })
        }
    }

    @Test("bytes that arrive while a request is served are not a hang-up")
    func earlyBytes() async throws {
        let (log, gate) = (Log<String>(), Gate())
        let handler: ResponderFixture.Handler = { exchange in
            var exchange = exchange
            _ = await exchange.body(limit: Handlers.bodyLimit)
            exchange.cancelTaskOnHangUp()
            await gate.pass()
            log.append(Task.isCancelled ? "cancelled" : "not cancelled")
            try? await exchange.output.write(Array("answer".utf8), isLast: true)
            await exchange.finish()
        }
        try await ResponderFixture.run(workers: 1, handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request(keep: true))
            #expect(eventually { gate.waiting == 1 })
            try client.send(.request())
            // Once the listener's thread has accepted this connection, it has seen those bytes.
            let later = try fixture.client()
            #expect(eventually { fixture.connections == 2 })
            gate.open()
            for _ in 0..<2 { #expect(try client.reply() == .complete("answer")) }
            #expect(log.entries == ["not cancelled", "not cancelled"])
            later.close()
        }
    }

    @Test("a task that did not ask to be cancelled on hang-up is not cancelled")
    func notAsked() async throws {
        let (log, gate) = (Log<Bool>(), Gate())
        let handler: ResponderFixture.Handler = { exchange in
            await gate.pass()
            log.append(Task.isCancelled)
            try? await exchange.output.write(Array("answer".utf8), isLast: true)
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request(keep: true))
            #expect(eventually { gate.waiting == 1 })
            client.close()
            let other = try fixture.client()
            try other.send(.request())
            #expect(eventually { gate.waiting == 2 })
            gate.open()
            #expect(try other.reply() == .complete("answer"))
            #expect(eventually { log.entries == [false, false] })
        }
    }

    @Test("a response whose peer has left is lost, and the connection says so before", arguments: Leaving.allCases)
    func lost(leaving: Leaving) async throws {
        let (log, gate) = (Log<String>(), Gate())
        let handler: ResponderFixture.Handler = { exchange in
            var exchange = exchange
            _ = await exchange.body(limit: Handlers.bodyLimit)
            let wasAbandoned = exchange.output.isAbandoned
            await gate.pass()
            log.append("\(wasAbandoned) \(exchange.output.isAbandoned)")
            try? await exchange.output.write(Array("answer".utf8), isLast: true)
            await exchange.finish { log.append("lost") }
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request(body: "body", keep: true))
            #expect(eventually { gate.waiting == 1 })
            switch leaving {
            case .close: client.close()
            case .endSending: client.endSending()
            case .abort: try client.send([Record(type: Record.Kind.abort)])
            }
            gate.open()
            #expect(eventually { log.entries.count == (leaving == .close ? 2 : 1) })
            // Who only ends sending, or aborts, may still read.
            if leaving != .close { #expect(try client.reply() == .complete("answer")) }
            #expect(log.entries == ["false true"] + (leaving == .close ? ["lost"] : []))
        }
    }

    @Test("a task is cancelled if its peer leaves while the listener stops")
    func stopping() async throws {
        let log = Log<String>()
        try await ResponderFixture.run(handler: Self.recordCancellation(in: log), afterwards: false) { fixture in
            let client = try fixture.client()
            try client.send(Self.waiting(keep: true))
            #expect(eventually { log.entries == ["began"] })
            let idle = try fixture.client()
            #expect(eventually { fixture.connections == 2 })
            let stopped = try fixture.stopInBackground(patience: .seconds(60))
            #expect(try idle.isClosed(within: patience))
            client.close()
            #expect(eventually { stopped.entries == [0] })
            #expect(log.entries == ["began", "cancelled"])
        }
    }

    @Test("the tasks of 200 peers that leave at once are all cancelled, on one worker")
    func many() async throws {
        let log = Log<String>()
        try await ResponderFixture.run(workers: 1, handler: Self.recordCancellation(in: log)) { fixture in
            let clients = try (0..<200).map { _ in try fixture.client() }
            for client in clients { try client.send(Self.waiting(keep: true)) }
            #expect(eventually { log.entries.count == 200 })
            for client in clients { client.close() }
            #expect(eventually { log.entries.count == 400 && fixture.connections == 0 })
            #expect(log.entries.count { $0 == "cancelled" } == 200)
        }
    }
}
