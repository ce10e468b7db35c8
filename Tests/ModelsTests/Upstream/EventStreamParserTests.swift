import JSON
import Testing

@testable import Models

@Suite("The parser of event streams")
struct EventStreamParserTests {
    private static let cases: [(stream: String, events: [String])] = [
        ("data: a\n\ndata: b\n\n", ["a", "b"]),
        ("data:a\n\n", ["a"]),
        ("data:  a\n\n", [" a"]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        ("data: a\r\rdata: b\r\r", ["a", "b"]),
        ("data: a\r\n\ndata: b\n\r\n", ["a", "b"]),
        (": comment\n\n: another\ndata: a\n\n", ["a"]),
        ("data: a\ndata: b\n\n", ["a\nb"]),
        ("\u{feff}data: a\n\n", ["a"]),
        ("event: message\nid: 1\nretry: 5\ndata: a\n\n", ["a"]),
        ("data\n\n", [""]),
        ("data: a\n\n\n\n\ndata: b\n\n", ["a", "b"]),
        ("data: a\n\ndata: b", ["a", "b"]),
        ("data: a\n\ndata: b\n", ["a", "b"]),
        ("database: a\n\n", []),
        ("data: wörld 你好 🙂\n\n", ["wörld 你好 🙂"]),
        ("data: {\"a\":1}\ndata: {\"b\":2}\ndata: [DONE]\n", [#"{"a":1}"#, #"{"b":2}"#, "[DONE]"]),
        ("data: {\ndata:   \"a\": [1,\ndata: 2]\ndata: }\n\n", ["{\n  \"a\": [1,\n2]\n}"]),
        ("data: {\"a\":\"x\ny: z\n\nw\"}\n\ndata: b\n\n", ["{\"a\":\"x\ny: z\n\nw\"}", "b"]),
        ("data: {\"a\":\"x\n: comment\n\ndata: {\"b\":1}\n\n", ["{\"a\":\"x", #"{"b":1}"#]),
        (#"data: {"a":"}\"]"}"# + "\n\ndata: b\n\n", [#"{"a":"}\"]"}"#, "b"]),
        ("data: }\ndata: a\n\n", ["}\na"]),
        ("", []),
        ("\n\n", []),
    ]

    @Test("the data of every event is found, wherever the bytes are divided", arguments: cases)
    func events(stream: String, events: [String]) {
        let bytes = Array(stream.utf8)
        #expect(read([bytes]) == events)
        for index in 0...bytes.count { #expect(read([Array(bytes[..<index]), Array(bytes[index...])]) == events) }
        #expect(read(bytes.map { [$0] }) == events)
    }

    private func read(_ chunks: [[UInt8]]) -> [String] {
        var parser = EventStreamParser()
        let events = chunks.flatMap { chunk in chunk.withUnsafeBytes { parser.read($0) } } + parser.end()
        return events.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("an event is there as soon as its JSON is, although no blank line follows")
    func promptEvents() {
        var parser = EventStreamParser()
        var events: [[[UInt8]]] = []
        for line in ["data: {\"a\":1}\n", "\n", "data: {\"b\":\n", "data: 2}\n", "data: x\n"] {
            events.append(Array(line.utf8).withUnsafeBytes { parser.read($0) })
        }
        #expect(events.map(\.count) == [1, 0, 0, 1, 0])
    }
}
