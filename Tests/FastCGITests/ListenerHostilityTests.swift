import Glibc
import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Listener: peers that break the protocol or leave")
struct ListenerHostilityTests {
    @Test("bytes that are not a request close the connection, whole or in chunks", arguments: HostileRecords.all)
    func refused(hostile: HostileRecords) async throws {
        try await ResponderFixture.run(workers: 1) { fixture in
            let whole = try fixture.client()
            try? whole.send(hostile.records)
            #expect(try whole.isClosed(within: patience))
            let chunks = try fixture.client()
            try? chunks.send(hostile.records.bytes.prefix(5))
            _ = eventually { fixture.headBytes == 5 }
            try? chunks.send(hostile.records.bytes.dropFirst(5))
            #expect(try chunks.isClosed(within: patience))
        }
    }

    @Test("records inside padding are ignored", arguments: HostileRecords.disguised)
    func padding(bytes: [UInt8]) async throws {
        try await ResponderFixture.run(handler: Handlers.say("served")) { fixture in
            var begin = Record.begin(keep: true).bytes
            begin[6] = UInt8(bytes.count)
            let parameters = Record.stream(Record.Kind.params, Record.pairs([("REQUEST_METHOD", "GET")]), padding: 9).bytes
            let head = begin + bytes + parameters + Record(type: Record.Kind.params, padding: 5).bytes
            let client = try fixture.client()
            try client.send(head + [Record].body([]).bytes)
            #expect(try client.reply() == .complete("served"))
            #expect(try client.ask(.request(body: "next", keep: true)) == .complete("served"))
        }
    }

    @Test("a request that breaks off leaves nothing behind, wherever it is cut")
    func cut() async throws {
        let log = Log<Body>()
        try await ResponderFixture.run(handler: Handlers.echo(to: log)) { fixture in
            let head = [Record].head([("NAME", "value")], padding: 3).bytes
            let request = head + [Record].body(Array("body".utf8), padding: 5).bytes
            for count in 0..<request.count {
                let client = try fixture.client()
                try client.send(request.prefix(count))
                client.close()
            }
            let incomplete = [Body](repeating: .incomplete, count: request.count - head.count)
            #expect(eventually { log.entries == incomplete })
        }
    }

    @Test("200 connections that come and go leave nothing behind")
    func comeAndGo() async throws {
        try await ResponderFixture.run { fixture in
            for _ in 0..<200 { try fixture.client().close() }
        }
    }

    @Test("200 silent connections hold no worker and leave nothing behind")
    func silent() async throws {
        try await ResponderFixture.run(workers: 1, limits: .make(headTimeout: .seconds(2))) { fixture in
            let silent = try (0..<200).map { _ in try fixture.client() }
            try fixture.expectGoodRequest()
            for client in silent { #expect(try client.isClosed(within: patience)) }
        }
    }

    @Test("a client that leaves before its response leaves nothing behind")
    func leaves() async throws {
        let gate = Gate()
        try await ResponderFixture.run(handler: Handlers.echo(after: gate)) { fixture in
            let clients = try (0..<20).map { _ in try fixture.client() }
            for client in clients { try client.send(.request(body: "unanswered", keep: true)) }
            #expect(eventually { gate.waiting == 20 })
            for client in clients { client.close() }
            gate.open()
        }
    }

    @Test("a client that aborts its request gets a response or is closed, and holds nothing")
    func abort() async throws {
        let log = Log<Body>()
        try await ResponderFixture.run(workers: 1, handler: Handlers.echo(to: log)) { fixture in
            let client = try fixture.client()
            let half = Record.stream(Record.Kind.stdin, Array("half".utf8))
            try client.send([Record].head(keep: true) + half + [Record(type: Record.Kind.abort)])
            #expect(try client.reply().text.hasSuffix("incomplete"))
            #expect(try client.isClosed(within: patience))
            #expect(log.entries == [.incomplete])
        }
    }

    @Test("a slow reader gets the whole of a long response, and others are served meanwhile")
    func slowReader() async throws {
        let long = String(repeating: "0123456789abcdef", count: 1 << 16)
        try await ResponderFixture.run(handler: Handlers.say(long)) { fixture in
            let slow = try fixture.client()
            try slow.send(.request())
            for _ in 0..<5 { try fixture.expectGoodRequest() }
            #expect(try slow.reply() == .complete(long))
        }
    }

    @Test("a client that never reads its response is given up")
    func neverReads() async throws {
        let long = String(repeating: "0123456789abcdef", count: 1 << 16)
        try await ResponderFixture.run(workers: 1, limits: .make(stallTimeout: .milliseconds(600)), handler: Handlers.say(long)) {
            fixture in
            let client = try fixture.client()
            try client.send(.request(keep: true))
            #expect(eventually { fixture.connections == 1 } && eventually { fixture.connections == 0 })
        }
    }
}
