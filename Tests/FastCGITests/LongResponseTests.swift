import Glibc
import Harness
import Testing

@testable import FastCGI

/// Needs two gigabytes of memory, so it does not run under Thread Sanitizer, which shadows each byte.
@Suite("Exchange: a response that is longer than libfcgi can count")
struct LongResponseTests {
    @Test("a response of more than 2 GB arrives whole")
    func whole() async throws {
        let count = Int(CInt.max) + 10
        let handler: ResponderFixture.Handler = { exchange in
            await #expect(throws: Never.self) {
                try await exchange.output.write([UInt8](repeating: UInt8(ascii: "x"), count: count), isLast: true)
            }
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request())
            #expect(try client.contentCount() == count)
        }
    }
}

extension FastCGIClient {
    /// Reads all of a request's output and counts its bytes.
    fileprivate func contentCount() throws -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var header: [UInt8] = []
        var (content, rest) = (0, 0)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Broken("closed before END_REQUEST") }
            var position = 0
            while position < count {
                if rest > 0 {
                    let skipped = min(rest, count - position)
                    (rest, position) = (rest - skipped, position + skipped)
                } else {
                    header.append(buffer[position])
                    position += 1
                    guard header.count == 8 else { continue }
                    if header[1] == Record.Kind.end { return content }
                    let length = Int(header[4]) << 8 | Int(header[5])
                    if header[1] == Record.Kind.stdout { content += length }
                    (rest, header) = (length + Int(header[6]), [])
                }
            }
        }
    }
}
