import CGI
import Concurrency
import Testing

@Suite("ResponseWriter")
struct ResponseWriterTests {
    /// What was written, and where a response ended.
    private final class Output: ResponseOutput {
        let writes = Mutex<[(text: String, isLast: Bool)]>([])

        var isAbandoned: Bool { false }

        func write(_ bytes: [UInt8], isLast: Bool) async throws {
            let text = String(decoding: bytes, as: UTF8.self)
            writes.withLock { $0.append((text, isLast)) }
        }

        var texts: [String] { writes.withLock { $0.map { $0.text + ($0.isLast ? "|" : "") } } }
    }

    @Test("a whole response is one write")
    func whole() async throws {
        let output = Output()
        let writer = ResponseWriter(output, includesBody: true)
        writer.addHeader("A", "b")
        #expect(writer.status == nil && writer.firstByte == nil)
        try await writer.send(Response(status: 404, headers: [("C", "d")], body: Array("body".utf8)))
        #expect(output.texts == ["Status: 404 Not Found\r\nC: d\r\nA: b\r\nContent-Length: 4\r\n\r\nbody|"])
        #expect(writer.status == 404 && writer.firstByte != nil)
    }

    @Test("a header that is added and one of the response's become one field", arguments: [true, false])
    func joined(isWhole: Bool) async throws {
        let output = Output()
        let writer = ResponseWriter(output, includesBody: true)
        writer.addHeader("Vary", "b")
        writer.addHeader("A", "c")
        let headers = [(name: "Vary", value: "a"), (name: "D", value: "d")]
        if isWhole {
            try await writer.send(Response(status: 204, headers: headers))
        } else {
            writer.begin(status: 204, headers: headers)
            try await writer.write([], isLast: true)
        }
        #expect(output.texts == ["Status: 204 No Content\r\nVary: a, b\r\nD: d\r\nA: c\r\n\r\n|"])
    }

    @Test("the head of a streamed response goes out with the first bytes, and has no length")
    func begun() async throws {
        let output = Output()
        let writer = ResponseWriter(output, includesBody: true)
        writer.begin(status: 200, headers: [("A", "b")])
        #expect(output.texts.isEmpty && writer.firstByte == nil)
        try await writer.write(Array("one".utf8))
        try await writer.write([])
        try await writer.write(Array("two".utf8), isLast: true)
        #expect(output.texts == ["Status: 200 OK\r\nA: b\r\n\r\none", "two|"])
    }

    @Test("there is one response: sending or beginning a second one changes nothing")
    func once() async throws {
        let output = Output()
        let writer = ResponseWriter(output, includesBody: true)
        try await writer.send(Response(status: 200))
        try await writer.send(Response(status: 500))
        writer.begin(status: 500, headers: [])
        writer.addHeader("A", "late")
        #expect(output.texts == ["Status: 200 OK\r\nContent-Length: 0\r\n\r\n|"])
        #expect(writer.status == 200)
    }

    @Test("the response to HEAD has a head and no body, sent whole or streamed")
    func head() async throws {
        let (whole, begun) = (Output(), Output())
        try await ResponseWriter(whole, includesBody: false).send(Response(status: 200, body: [1, 2, 3]))
        #expect(whole.texts == ["Status: 200 OK\r\nContent-Length: 3\r\n\r\n|"])
        let writer = ResponseWriter(begun, includesBody: false)
        writer.begin(status: 200, headers: [])
        try await writer.write([1])
        try await writer.write([2])
        try await writer.write([3], isLast: true)
        #expect(begun.texts == ["Status: 200 OK\r\n\r\n", "|"])
    }
}
