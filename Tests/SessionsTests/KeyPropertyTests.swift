import TestSupport
import Testing

@testable import Sessions

@Suite("Any session key")
struct KeyPropertyTests {
    @Test("any key has a file name of its own, inside the directory, from which the key can be told", arguments: TestLength.seeds(20))
    func names(_ seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        var keys: [String: SessionKey] = [:]
        for _ in 0..<500 {
            guard let key = try? SessionKey(Self.text(using: &generator)) else { continue }
            let name = key.fileName
            #expect(1...200 ~= name.utf8.count, "\(key)")
            #expect(!name.hasPrefix(".") && name.utf8.allSatisfy { Self.plain.contains($0) }, "\(key)")
            if let other = keys.updateValue(key, forKey: name) { #expect(other == key) }
            // Only the file can tell the key of a shortened name.
            #expect(SessionKey(fileName: name) == (name.contains("~") ? nil : key))
            #expect(key.lockOffset >= 0 && key.lockOffset % 2 == 0)
        }
        #expect(keys.count > 200)
    }

    @Test("no file name but a key's own gives that key", arguments: TestLength.seeds(20))
    func otherNames(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<500 {
            let name = Self.text(using: &generator)
            if let key = SessionKey(fileName: name) { #expect(key.fileName.utf8.elementsEqual(name.utf8)) }
        }
    }

    private static let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%~".utf8)

    /// Similar texts of what could break a name: separators, escapes, dots, spellings of one letter, and any scalar.
    private static func text(using generator: inout SplitMix64) -> String {
        let pieces = [
            ":", "/", "\\", "%", "%3A", "%3a", "%2F", ".", "..", "~", "_", "-", " ", "a", "A", "é", "e\u{301}", "微", "😀", "\u{202e}",
            "\u{7f}",
            "\n", "\u{0}", "wx:dm:", String(repeating: "x", count: 99), String(repeating: "信", count: 60),
        ]
        return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            guard Int.random(in: 0..<8, using: &generator) == 0 else { return pieces.randomElement(using: &generator) ?? "" }
            return Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &generator)).map { String($0) } ?? ""
        }.joined()
    }
}
