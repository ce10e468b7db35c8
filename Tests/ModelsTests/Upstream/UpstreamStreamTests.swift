import Chat
import Concurrency
import Logging
import TestSupport
import Testing

@testable import HTTPClient
@testable import Models

@Suite("Streams of an upstream")
struct UpstreamStreamTests {
    @Test("a stream is passed on chunk by chunk before it is complete")
    func chunks() async throws {
        let seen = Log<String>()
        let chunks = ["one ", "two ", "three"].map { (text: $0, arrived: Event()) }
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            for chunk in chunks {
                try connection.write(Fixture.event(#"{"content":"\#(chunk.text)"}"#))
                try chunk.arrived.block()
            }
            try connection.write(Fixture.event("{}", finish: #""stop""#) + "data: [DONE]\n\n")
        }
        let completion = try await UpstreamModel.make(peer.url).answer { delta in
            seen.append(delta.content)
            chunks.first { $0.text == delta.content }?.arrived.happen()
        }
        try await peer.finish()
        #expect(completion.content == "one two three")
        #expect(seen.entries == ["one ", "two ", "three"])
    }

    @Test("a stream may arrive byte by byte")
    func bytes() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            for byte in Fixture.stream.utf8 { try connection.write([byte]) }
        }
        let completion = try await UpstreamModel.make(peer.url).answer { _ in }
        try await peer.finish()
        let usage = Usage(promptTokens: 5, completionTokens: 3)
        #expect(completion == Completion(content: "Hello, wörld.", upstream: completion.upstream, usage: usage))
    }

    @Test("a chat that takes long to read its answer does not delay another one")
    func independent() async throws {
        let (isReading, isOver) = (Event(), Event())
        let slow = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.respond(Fixture.stream)
        }
        let quick = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.respond(Fixture.stream)
        }
        let engine = TransferEngine()
        func model(_ peer: Peer) throws -> UpstreamModel {
            let upstream = Upstream(.init(address: try UpstreamModel.address(peer.url), model: "m"), engine: engine)
            return UpstreamModel([.init(upstream)], logger: .test(Log()))
        }
        let (first, second) = (try model(slow), try model(quick))
        let isInTime = Log<Bool>()
        let task = Task(executorPreference: try WorkerPool(threads: 1)) {
            try await first.answer { _ in
                guard !isReading.hasHappened else { return }
                isReading.happen()
                isInTime.append((try? isOver.block()) != nil)
            }
        }
        try await isReading.wait()
        #expect(try await second.answer { _ in }.content == "Hello, wörld.")
        isOver.happen()
        #expect(try await task.value.content == "Hello, wörld.")
        #expect(isInTime.entries == [true])
        for peer in [slow, quick] { try await peer.finish() }
    }

    @Test("a stream that arrives faster than its chat reads it pauses, and loses nothing", arguments: [1, 40_000])
    func pauses(length: Int) async throws {
        let count = 4_000_000 / (length + 100)
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            let text = String(repeating: "a", count: length)
            let event = Array(Fixture.event(#"{"content":"\#(text)"}"#).utf8)
            try connection.write((0..<count).flatMap { _ in event })
            try connection.write(Fixture.event("{}", finish: #""stop""#) + "data: [DONE]\n\n")
        }
        let completion = try await UpstreamModel.make(peer.url).answer { _ in }
        try await peer.finish()
        #expect(completion.content.utf8.count == count * length)
    }

    @Test("a stream that breaks off is a failure, and is not retried")
    func cut() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            try connection.write(Fixture.event(#"{"content":"Hel"}"#))
        }
        let other = try Peer { _ in }
        let seen = Log<String>()
        let error = try await UpstreamModel.make(peer.url, other.url, retries: 2).failure { seen.append($0.content) }
        try await peer.finish()
        #expect(error.code == .failed)
        #expect(seen.entries == ["Hel"])
        #expect(peer.connections == 1 && other.connections == 0)
    }

    @Test("a stream is complete after its finish_reason, even if the connection breaks then")
    func brokenAfterEnd() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let event = Fixture.event(#"{"content":"Hello."}"#, finish: #""stop""#)
            try connection.write("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
        }
        #expect(try await UpstreamModel.make(peer.url).answer { _ in }.content == "Hello.")
        try await peer.finish()
    }

    @Test(
        "an answer is over when it says so, although the upstream keeps the connection open",
        arguments: [
            Fixture.stream, Fixture.stream.replacing("data: [DONE]\n\n", with: ""), Fixture.stream + ": keep-alive\n\n",
            Fixture.event(#"{"content":"Hello, wörld."}"#, finish: #""stop""#),
            Fixture.event(#"{"content":"Hello, wörld."}"#) + "data: [DONE]\n",
            #"{"choices":[{"message":{"content":"Hello, wörld."},"finish_reason":"stop"}]}"#,
        ])
    func openAfterEnd(response: String) async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            try connection.write(response)
            try connection.expectClose()
        }
        #expect(try await UpstreamModel.make(peer.url).answer { _ in }.content == "Hello, wörld.")
        try await peer.finish()
    }

    @Test("an upstream that sends comments for ever after the end is not waited for")
    func commentsAfterEnd() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            try connection.write(Fixture.event(#"{"content":"Hello."}"#, finish: #""stop""#))
            while (try? connection.write(": keep-alive\n\n")) != nil {}
        }
        #expect(try await UpstreamModel.make(peer.url).answer { _ in }.content == "Hello.")
        try await peer.finish()
    }

    @Test("a connection is used again after a stream that ends as it should")
    func connectionReuse() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for _ in 0..<2 {
                _ = try connection.request()
                try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                try connection.write("\(String(Fixture.stream.utf8.count, radix: 16))\r\n\(Fixture.stream)\r\n")
                try connection.write("0\r\n\r\n")
            }
        }
        let model = try UpstreamModel.make(peer.url)
        for _ in 0..<2 { #expect(try await model.answer { _ in }.content == "Hello, wörld.") }
        try await peer.finish()
        #expect(peer.connections == 1)
    }

    @Test("what is no chunk is skipped, and the operator reads of it once")
    func skippedEvents() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for _ in 0..<6 {
                _ = try connection.request()
                try connection.respond("data: : keepalive\n\ndata: ping\n\n" + Fixture.stream)
            }
        }
        let lines = Log<LogLine>()
        let model = try UpstreamModel.make(peer.url, log: lines)
        for _ in 0..<6 { #expect(try await model.answer { _ in }.content == "Hello, wörld.") }
        try await peer.finish()
        #expect(lines.entries.count == 6 && lines.entries.allSatisfy { $0.level == .warning && $0.message.contains(" 2 events") })
    }

    @Test("an upstream that refuses stream_options is asked without them, then and later", arguments: [400, 422])
    func streamOptions(status: Int) async throws {
        let bodies = Log<String>()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for number in 0..<3 {
                bodies.append(try connection.request().body)
                if number == 0 {
                    try connection.respond(#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs"}]}"#, status: status)
                } else {
                    try connection.respond(Fixture.stream)
                }
            }
        }
        let model = try UpstreamModel.make(peer.url)
        for _ in 0..<2 { #expect(try await model.answer { _ in }.content == "Hello, wörld.") }
        try await peer.finish()
        #expect(bodies.entries.map { $0.contains("stream_options") } == [true, false, false])
        #expect(bodies.entries.allSatisfy { $0.contains(#""stream":true"#) })
    }

    @Test("another refusal of a stream is one, and is not repeated")
    func otherRefusal() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.respond(#"{"error":{"message":"too hot"}}"#, status: 400)
        }
        #expect(try await UpstreamModel.make(peer.url).failure { _ in }.code == .refused(status: 400))
        try await peer.finish()
    }

    @Test("a stream with an error in it fails with that error")
    func error() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            try connection.write(Fixture.event(#"{"content":"Hel"}"#) + #"data: {"error":{"message":"overloaded","code":"x"}}"# + "\n\n")
        }
        let error = try await UpstreamModel.make(peer.url).failure { _ in }
        try await peer.finish()
        #expect(error.code == .failed)
        #expect(error.description.contains("overloaded"))
    }

    @Test("a stream may be compressed with gzip")
    func gzip() async throws {
        // `printf … | gzip -n9 | xxd -i` of a completion that says "Packed."
        let packed = Self.packed
        let peer = try Peer { peer in
            let connection = try peer.accept()
            let request = try connection.request()
            guard request.headers["accept-encoding"]?.contains("gzip") == true else {
                throw Peer.Failed(description: "gzip is not accepted")
            }
            try connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
            try connection.write(packed)
        }
        #expect(try await UpstreamModel.make(peer.url).answer().content == "Packed.")
        try await peer.finish()
    }

    private static let packed: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x0d, 0xc9, 0xc1, 0x0a, 0x83, 0x30, 0x10, 0x45, 0xd1, 0x7f,
        0x79, 0xeb, 0x50, 0xba, 0xce, 0x57, 0x74, 0x5f, 0x44, 0x86, 0x38, 0xd5, 0x41, 0x3b, 0x23, 0xbe, 0x2c, 0x84, 0x90, 0x7f,
        0x37, 0xab, 0x7b, 0xe0, 0x36, 0x94, 0x2d, 0xac, 0x28, 0x91, 0xbf, 0x0d, 0xe6, 0x8b, 0xde, 0xc8, 0xef, 0x84, 0xbf, 0x92,
        0xb2, 0x2a, 0x72, 0xc3, 0x15, 0xc7, 0x28, 0x84, 0x34, 0x56, 0xf1, 0x8a, 0x84, 0x12, 0x5e, 0x75, 0x28, 0xe3, 0x23, 0x65,
        0xd7, 0xe5, 0x85, 0x9e, 0xf0, 0x33, 0x37, 0x6e, 0xf3, 0xa5, 0xc2, 0xf0, 0xb1, 0x58, 0xe3, 0x44, 0x9f, 0xfa, 0x03, 0xfe,
        0x9d, 0x2a, 0x50, 0x63, 0x00, 0x00, 0x00,
    ]
}
