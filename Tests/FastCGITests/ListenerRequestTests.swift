import Harness
import TestSupport
import Testing

@Suite("Listener: requests")
struct ListenerRequestTests {
    private static let post = [
        ("REQUEST_METHOD", "POST"), ("PATH_INFO", "/v1"), ("HTTP_X_EMPTY", ""), ("HTTP_X_LONG", String(repeating: "x", count: 4000)),
    ]

    @Test("a request's parameters and body reach the handler, and its response reaches the client")
    func request() async throws {
        try await ResponderFixture.run { fixture in
            try fixture.expect(.echo(Self.post, body: "hello"), to: .request(Self.post, body: "hello"))
            try fixture.expect(.echo([]), to: .request([], id: 0xffff))
        }
    }

    @Test("parameters arrive however they are encoded and cut into records", arguments: [1, 7, 4096, 0xffff], [0, 1, 255] as [UInt8])
    func parameters(size: Int, padding: UInt8) async throws {
        try await ResponderFixture.run { fixture in
            // Small records add many headers, and the length of a head is limited.
            let parameters = [("REQUEST_METHOD", "POST"), ("HTTP_X_LONG", String(repeating: "x", count: min(4000, size * 130)))]
            for longLengths in [false, true] {
                let head = [Record].head(parameters, longLengths: longLengths, size: size, padding: padding)
                try fixture.expect(.echo(parameters), to: head + .body([]))
            }
        }
    }

    @Test("a body arrives however it is cut into records", arguments: [1, 8, 8191, 0xffff], [0, 1, 255] as [UInt8])
    func body(size: Int, padding: UInt8) async throws {
        try await ResponderFixture.run { fixture in
            let body = (0..<min(1 << 20, size * 2000)).map { UInt8(ascii: "a") + UInt8($0 % 26) }
            let records = [Record].head(Self.post) + .body(body, size: size, padding: padding)
            try fixture.expect(.echo(Self.post, body: String(decoding: body, as: UTF8.self)), to: records)
        }
    }

    @Test("a kept connection serves one request after another")
    func keepAlive() async throws {
        try await ResponderFixture.run { fixture in
            let client = try fixture.client()
            for id in 1...50 as ClosedRange<UInt16> {
                #expect(try client.ask(.request(Self.post, body: "body \(id)", keep: true, id: id)) == .echo(Self.post, body: "body \(id)"))
            }
            #expect(fixture.connections == 1)
            #expect(try client.ask(.request(Self.post)) == .echo(Self.post))
            #expect(try client.isClosed(within: patience))
        }
    }

    @Test("a connection that is not kept is closed right after the response")
    func close() async throws {
        try await ResponderFixture.run { fixture in
            let start = ContinuousClock.now
            for _ in 0..<20 {
                let client = try fixture.client()
                #expect(try client.ask(.request()) == .echo())
                #expect(try client.isClosed(within: patience))
            }
            // libfcgi alone would wait 2 s each time for the client to close (os_unix.c, OS_Close).
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test("a head is put together from two chunks, wherever it is cut")
    func split() async throws {
        try await ResponderFixture.run { fixture in
            let head = [Record].head([("A", "b"), ("NAME", "value")], keep: true, size: 9, padding: 2).bytes
            let client = try fixture.client()
            for position in 1..<head.count {
                try client.send(head[..<position])
                #expect(eventually { fixture.headBytes == position }, "the first \(position) of \(head.count) bytes")
                try client.send(head[position...] + [Record].body(Array("body".utf8)).bytes)
                #expect(try client.reply() == .echo([("A", "b"), ("NAME", "value")], body: "body"))
            }
        }
    }

    @Test("a request is put together from single bytes")
    func bytes() async throws {
        try await ResponderFixture.run { fixture in
            let parameters = [("NAME", String(repeating: "v", count: 600))]
            let client = try fixture.client()
            for byte in [Record].request(parameters, body: "body", keep: true).bytes { try client.send([byte]) }
            #expect(try client.reply() == .echo(parameters, body: "body"))
            #expect(try client.ask(.request()) == .echo())
        }
    }

    @Test("an unread body is not taken for the next request")
    func unreadBody() async throws {
        try await ResponderFixture.run(handler: Handlers.say("unread")) { fixture in
            let client = try fixture.client()
            for _ in 0..<3 {
                let body = String(repeating: "b", count: 100_000)
                #expect(try client.ask(.request(body: body, keep: true)) == .complete("unread"))
            }
        }
    }

    @Test("a second request on a connection in use is refused, and the first is served")
    func interleaved() async throws {
        try await ResponderFixture.run { fixture in
            let client = try fixture.client()
            try client.send([Record].head() + [.begin(id: 2)] + .body(Array("first".utf8)))
            let refusal = try client.record()
            #expect(refusal?.id == 2 && refusal?.type == Record.Kind.end && refusal?.content == [0, 0, 0, 0, 1, 0, 0, 0])
            #expect(try client.reply() == .echo(body: "first"))
            let mixed = try fixture.client()
            try mixed.send([Record].head() + .head([("A", "b")], id: 2) + .body(Array("first".utf8)))
            _ = try mixed.record()
            #expect(try mixed.reply() == .echo(body: "first"))
        }
    }

    @Test(
        "FCGI_GET_VALUES is answered: one request at a time on a connection",
        arguments: [
            ([("FCGI_MPXS_CONNS", "")], [("FCGI_MPXS_CONNS", "0")]),
            (
                [("FCGI_MAX_CONNS", ""), ("FCGI_MAX_REQS", ""), ("FCGI_MPXS_CONNS", "")],
                [("FCGI_MAX_CONNS", "1"), ("FCGI_MAX_REQS", "1"), ("FCGI_MPXS_CONNS", "0")]
            ),
            ([("FCGI_UNKNOWN", "")], []), ([], []),
        ])
    func management(questions: [(String, String)], answers: [(String, String)]) async throws {
        try await ResponderFixture.run(workers: 1) { fixture in
            let client = try fixture.client()
            try client.send([Record(type: Record.Kind.getValues, id: 0, content: Record.pairs(questions))])
            let answer = try client.record()
            #expect(answer?.type == Record.Kind.getValuesResult && answer?.id == 0 && answer?.content == Record.pairs(answers))
            // Every record of request 0 is a management record, even a BEGIN_REQUEST.
            for type in [99, Record.Kind.begin] {
                let stranger = try fixture.client()
                try stranger.send([Record(type: type, id: 0)])
                let unknown = try stranger.record()
                #expect(unknown?.type == Record.Kind.unknownType && unknown?.content.first == type)
            }
        }
    }
}
