import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Listener: bodies")
struct ListenerBodyTests {
    @Test("200 bodies that stall halfway hold no worker, and all of them end")
    func slow() async throws {
        try await ResponderFixture.run(workers: 1) { fixture in
            let clients = try (0..<200).map { _ in try fixture.client() }
            for (number, client) in clients.enumerated() {
                try client.send([Record].head() + Record.stream(Record.Kind.stdin, Array("half \(number) ".utf8)))
            }
            #expect(try fixture.ask(.request()) == .echo())
            for client in clients { try client.send([Record].body(Array("end".utf8))) }
            for (number, client) in clients.enumerated() { #expect(try client.reply() == .echo(body: "half \(number) end")) }
        }
    }

    @Test("a body is put together from two chunks, wherever it is cut")
    func split() async throws {
        try await ResponderFixture.run { fixture in
            // The padding of the head's last record is read with the body.
            let head = [Record].head(keep: true).dropLast() + [Record(type: Record.Kind.params, padding: 3)]
            let body = Record.stream(Record.Kind.stdin, Array("body".utf8), padding: 2) + [Record(type: Record.Kind.stdin, padding: 5)]
            let bytes = (head + body).bytes
            let client = try fixture.client()
            for position in Array(head).bytes.count - 3..<bytes.count {
                try client.send(bytes[..<position])
                #expect(eventually { fixture.isServing })
                try client.send(bytes[position...])
                #expect(try client.reply() == .echo(body: "body"))
                #expect(eventually { !fixture.isServing })
            }
        }
    }

    @Test(
        "a record that does not belong to a body closes the connection, and the process survives",
        arguments: [
            Record(type: Record.Kind.getValues, id: 0, content: Record.pairs((0..<30).map { _ in ("FCGI_MPXS_CONNS", "") })),
            Record(type: Record.Kind.getValues, id: 0), Record(type: 99, id: 0), Record(type: 99), Record(type: Record.Kind.params),
            Record(type: Record.Kind.begin, content: [0, 1, 0, 0, 0, 0, 0, 0]), Record(version: 2, type: Record.Kind.stdin),
            Record(type: Record.Kind.abort),
        ])
    func stranger(record: Record) async throws {
        let log = Log<Body>()
        try await ResponderFixture.run(handler: Handlers.echo(to: log)) { fixture in
            let client = try fixture.client()
            try client.send([Record].head(keep: true) + Record.stream(Record.Kind.stdin, [1, 2, 3]) + [record] + .body([4]))
            #expect(try client.reply().text.hasSuffix("incomplete"))
            #expect(try client.isClosed(within: patience))
            #expect(log.entries == [.incomplete])
        }
    }

    @Test("a peer that sends a second request before the first is answered gets the first response, and then the connection closes")
    func pipelined() async throws {
        try await ResponderFixture.run { fixture in
            let client = try fixture.client()
            try client.send([Record].request(body: "one", keep: true) + .request(body: "two", keep: true))
            #expect(try client.reply() == .echo(body: "one"))
            #expect(try client.isClosed(within: patience))
        }
    }

    @Test("a body that is still awaited when the time to stop is over is given up")
    func stop() async throws {
        let log = Log<Body>()
        try await ResponderFixture.run(handler: Handlers.echo(to: log), afterwards: false) { fixture in
            let client = try fixture.client()
            try client.send([Record].head() + Record.stream(Record.Kind.stdin, [1]))
            #expect(eventually { fixture.isServing })
            _ = fixture.listener.stop(patience: .milliseconds(100))
            #expect(eventually { log.entries == [.incomplete] })
        }
    }
}
