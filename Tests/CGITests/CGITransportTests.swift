import Concurrency
import Glibc
import TestSupport
import Testing

@testable import CGI

/// Pipes instead of standard input and output, so no process is needed.
@Suite("CGITransport")
struct CGITransportTests {
    private static func pipe() throws -> (reader: CInt, writer: CInt) {
        var ends: [CInt] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    private func request(
        _ environment: KeyValuePairs<String, String>, body: [UInt8], limit: Int = 1 << 20
    ) throws -> Request {
        let (reader, writer) = try Self.pipe()
        defer { close(reader) }
        // What does not fit into the pipe is written while it is read.
        let results = try inParallel(2) { index -> Request? in
            if index == 0 {
                var rest = body[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes { write(writer, $0.baseAddress, $0.count) }
                    if count <= 0 { break }
                    rest = rest.dropFirst(count)
                }
                close(writer)
                return nil
            }
            return CGITransport(environment: environment.map { (name: $0.key, value: $0.value) }, input: reader).readRequest(
                bodyLimit: limit)
        }
        return try #require(results[1])
    }

    @Test("meta-variables and body become a request")
    func reads() throws {
        let request = try request(
            ["REQUEST_METHOD": "POST", "SCRIPT_NAME": "/cgi-bin/x", "PATH_INFO": "/health", "HTTP_X_A": "b", "CONTENT_LENGTH": "4"],
            body: Array("body".utf8))
        #expect(request.method == "POST" && request.header("x-a") == "b" && request.body == .complete(Array("body".utf8)))
        #expect(request.path(below: nil) == RequestPath(segments: ["health"], isExact: true))
    }

    @Test(
        "the body is read up to its announced length, or to its end if it is chunked",
        arguments: [
            ("4", nil, .complete([1, 2, 3, 4])), ("6", nil, .complete([1, 2, 3, 4, 5, 6])), ("7", nil, .incomplete),
            ("0", nil, .complete([])), (nil, nil, .complete([])), ("x", nil, .complete([])), ("-1", nil, .complete([])),
            (nil, "chunked", .complete([1, 2, 3, 4, 5, 6])), ("9223372036854775807", nil, .incomplete),
        ] as [(String?, String?, Request.Body)])
    func lengths(length: String?, encoding: String?, body: Request.Body) throws {
        let variables = [length.map { ("CONTENT_LENGTH", $0) }, encoding.map { ("HTTP_TRANSFER_ENCODING", $0) }].compactMap(\.self)
        let (reader, writer) = try Self.pipe()
        defer { close(reader) }
        #expect(write(writer, [1, 2, 3, 4, 5, 6] as [UInt8], 6) == 6)
        close(writer)
        let transport = CGITransport(environment: variables.map { (name: $0.0, value: $0.1) }, input: reader)
        #expect(transport.readRequest(bodyLimit: 100).body == body)
    }

    @Test("a body that is too large is read to its end, and no more of it is kept than the limit", arguments: [6, 100_000])
    func tooLarge(count: Int) throws {
        let body = [UInt8](repeating: 7, count: count)
        #expect(try request(["CONTENT_LENGTH": "\(count)"], body: body, limit: 5).body == .tooLarge)
        #expect(try request(["CONTENT_LENGTH": "\(count)"], body: body, limit: count).body == .complete(body))
    }

    @Test("a response of any length arrives, also through a pipe that does not block", arguments: [1, 70_000, 1 << 20], [false, true])
    func writes(count: Int, isNonBlocking: Bool) async throws {
        let (reader, writer) = try Self.pipe()
        if isNonBlocking { _ = fcntl(writer, F_SETFL, O_NONBLOCK) }
        let received = Log<UInt8>()
        let end = Gate()
        try startThread {
            var byte: UInt8 = 0
            var buffer = [UInt8](repeating: 0, count: 4096)
            var total = 0
            while true {
                let count = read(reader, &buffer, buffer.count)
                guard count > 0 else { break }
                total += count
                byte = buffer[count - 1]
            }
            received.append(byte)
            received.append(UInt8(total & 0xff))
            close(reader)
            end.open()
        }
        try await CGITransport(environment: [], output: writer).write([UInt8](repeating: 9, count: count), isLast: true)
        close(writer)
        await end.pass()
        #expect(received.entries == [9, UInt8(count & 0xff)])
    }

    @Test("a web server that has left is an error")
    func left() async throws {
        signal(SIGPIPE, SIG_IGN)
        let (reader, writer) = try Self.pipe()
        close(reader)
        let transport = CGITransport(environment: [], output: writer)
        await #expect(throws: (any Error).self) { try await transport.write([1], isLast: true) }
        close(writer)
    }
}
