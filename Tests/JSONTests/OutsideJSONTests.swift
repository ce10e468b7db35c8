import Foundation
import JSON
import TestSupport
import Testing

@Suite("JSON from outside")
struct OutsideJSONTests {
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    private func isRead(_ text: String) -> Bool { (try? ValueDecoder().read(Anything.self, from: Array(text.utf8)[...])) != nil }

    @Test("text that is nested too deeply is refused, however it ends", arguments: [2, 511, 512, 513, 514, 1000, 100_000])
    func depth(depth: Int) {
        for (opening, closing) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]"), (#"{"[":["#, "]}")] {
            let count = opening.utf8.count(where: { "[{".utf8.contains($0) }) - (opening.contains(#""[""#) ? 1 : 0)
            for text in [opening, opening + "[", opening + "{", opening + "\"["] {
                let open = String(repeating: opening, count: depth / count) + text.dropFirst(opening.count)
                for end in ["", " ", "[", "\n", "\""] { #expect(!isRead(open + end)) }
            }
            let whole = String(repeating: opening, count: depth / count) + "1" + String(repeating: closing, count: depth / count)
            #expect(isRead(whole) == (depth / count * count <= 512))
        }
    }

    @Test("brackets in strings do not count as nesting")
    func strings() {
        let brackets = String(repeating: "[{\\\"", count: 1000)
        #expect(isRead("[\"\(brackets)\"]"))
        #expect(isRead("{\"\(brackets)\":[\"\\\\\",\"\(brackets)\"]}"))
    }

    @Test("UTF-16, UTF-32 and zeros are refused")
    func zeros() {
        let text = String(repeating: "[", count: 513)
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf32LittleEndian, .utf16] {
            #expect(throws: DecodingError.self) {
                try ValueDecoder().read(Anything.self, from: Array(text.data(using: encoding) ?? Data())[...])
            }
        }
        #expect(!isRead("\"\0\""))
    }

    @Test("text that is no JSON is refused with an error")
    func refused() {
        for text in ["", " ", "{", "nul", "[1", "{\"a\" 1}", "\"\u{7}", "\u{feff}\u{feff}[]", "[1] 2"] {
            #expect(!isRead(text), "\(text)")
        }
        #expect(isRead(" [1]\n"))
    }

    @Test("text that begins with a byte order mark is read")
    func byteOrderMark() { #expect(isRead("\u{feff}[1]")) }

    /// It hashes the names of members (see the comment of `ValueDecoder`).
    @Test("the sources do not use Foundation's decoder")
    func callers() throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardized
        let files = try #require(FileManager.default.enumerator(atPath: sources.path)).compactMap { $0 as? String }.filter {
            $0.hasSuffix(".swift")
        }
        #expect(files.count > 100)
        for file in files where !file.hasPrefix("nanobot-bench/") {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            #expect(!text.contains("JSONDecoder"), "\(file)")
        }
    }
}
