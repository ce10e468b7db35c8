import Concurrency
import FoundationEssentials
import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Listener: stop")
struct ListenerStopTests {
    @Test("stopping closes idle connections and lets requests in flight end")
    func inFlight() async throws {
        let gate = Gate()
        try await ResponderFixture.run(handler: Handlers.echo(after: gate), afterwards: false) { fixture in
            let idle = try fixture.client()
            let busy = try fixture.client()
            try busy.send(.request(body: "in flight", keep: true))
            #expect(eventually { gate.waiting == 1 && fixture.connections == 2 })
            let stopped = try fixture.stopInBackground(patience: .seconds(60))
            #expect(try idle.isClosed(within: patience))
            #expect(!FileManager.default.fileExists(atPath: fixture.path))
            #expect(throws: FastCGIClient.Broken.self) { try fixture.client() }
            #expect(stopped.entries.isEmpty)
            gate.open()
            #expect(try busy.reply() == .echo(body: "in flight"))
            #expect(try busy.isEnded())
            #expect(eventually { stopped.entries == [0] })
        }
    }

    @Test("stopping ends when its time is up, and says how many requests are unfinished")
    func impatient() async throws {
        let gate = Gate()
        try await ResponderFixture.run(handler: Handlers.echo(after: gate), afterwards: false) { fixture in
            let clients = try (0..<3).map { _ in try fixture.client() }
            for client in clients { try client.send(.request(body: "late", keep: true)) }
            #expect(eventually { gate.waiting == 3 })
            #expect(fixture.listener.stop(patience: .milliseconds(200)) == 3)
            gate.open()
            for client in clients {
                #expect(try client.reply() == .echo(body: "late"))
                #expect(try client.isEnded())
            }
        }
    }

    @Test("requests that outlast a stop are cancelled, and what they answer then still arrives")
    func cancelled() async throws {
        let handler: ResponderFixture.Handler = { exchange in
            var exchange = exchange
            if await exchange.body(limit: Handlers.bodyLimit) != .incomplete { await untilCancelled() }
            try? await exchange.output.write(Array((Task.isCancelled ? "cancelled" : "not cancelled").utf8), isLast: true)
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler, afterwards: false) { fixture in
            let clients = try (0..<3).map { _ in try fixture.client() }
            for client in clients.dropLast() { try client.send(.request(keep: true)) }
            // The body of this one is still to come.
            try clients[2].send([Record].head(keep: true))
            #expect(eventually { fixture.connections == 3 && fixture.isServing })
            #expect(fixture.listener.stop(patience: .milliseconds(200)) == 3)
            for client in clients {
                #expect(try client.reply() == .complete("cancelled"))
                #expect(try client.isEnded())
            }
        }
    }

    @Test("stopping without connections is immediate")
    func idle() async throws {
        try await ResponderFixture.run(afterwards: false) { fixture in
            #expect(fixture.listener.stop(patience: .seconds(60)) == 0)
            #expect(!FileManager.default.fileExists(atPath: fixture.path))
        }
    }
}

extension ResponderFixture {
    /// Stops the listener from another thread; its result is logged.
    func stopInBackground(patience: Duration) throws -> Log<Int> {
        let log = Log<Int>()
        try startThread { log.append(listener.stop(patience: patience)) }
        return log
    }
}

extension FastCGIClient {
    /// True if the responder says that the connection gets no more responses, by a record of no request, and closes it.
    fileprivate func isEnded() throws -> Bool { try record()?.type == 11 && isClosed(within: Self.patience) }
}
