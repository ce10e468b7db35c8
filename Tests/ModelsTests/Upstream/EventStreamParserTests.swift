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
}
