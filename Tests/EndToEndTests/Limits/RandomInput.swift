import TestSupport

/// A long text: a head, a unit that is repeated, and a tail. In all of them `#` stands for a value in JSON, `$` for a text inside a JSON
/// string, and `@` for the number of the unit.
struct Shape: Sendable {
    var head: String
    var unit: String
    var separator = ","
    var tail: String
    /// True if a turn must cost the same however often the unit is repeated.
    var isFree = false
}

/// Makes inputs from shapes; a seed repeats them.
struct RandomInput {
    private var generator: SplitMix64
    private let texts: [String]
    private let seed: UInt64

    /// A text is of one of these for a whole input: normalising a run of marks, for instance, takes more the longer it is.
    private static let texts = [
        ["hat ", "blue", "What did I ", "my name is Bob. ", "1+1 ", "? "], ["\u{301}", "\u{334}", "\u{327}", "\u{5b0}"],
        LimitNumbers.texts.map { $0 + " " }, ["\\u0301", "\\ud83d\\ude00", "\\\"", "\\\\", "\\n", "\\u0000", "\\/"],
        ["é", "微信", "👩‍👩‍👧", "🇩🇪", "한", "\u{1112}\u{1161}", "ﷺ", "\u{feff}", "\u{2028}"],
    ]
    private static let values =
        LimitNumbers.json + LimitNumbers.texts.map { "\"\($0)\"" }
        + ["null", "true", "{}", "[]", String(repeating: "[", count: 200) + String(repeating: "]", count: 200)]

    /// The seed chooses the kind of text in turn, so that any five seeds in a row have all of them.
    init(seed: UInt64) {
        self.seed = seed
        generator = SplitMix64(seed: seed)
        texts = Self.texts[Int(seed % UInt64(Self.texts.count))]
    }

    /// The seed chooses in turn.
    func inTurn<Element>(_ elements: [Element]) -> Element { elements[Int(seed % UInt64(elements.count))] }

    mutating func any<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: elements.indices, using: &generator)] }

    /// Between 16 and 48 KB of a shape.
    mutating func filled(_ shape: Shape) -> [UInt8] {
        let size = Int.random(in: 16_000...48_000, using: &generator)
        var text = filled(shape.head, 0)
        var count = 1
        while text.utf8.count < size {
            text += filled(shape.unit, count) + shape.separator
            count += 1
        }
        return Array((text + filled(shape.unit, count) + filled(shape.tail, count)).utf8)
    }

    /// Changes, removes, repeats or adds a few bytes.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let start = Int.random(in: bytes.indices, using: &generator)
            let end = min(bytes.count, start + Int.random(in: 1...4000, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[start] = .random(in: 0...255, using: &generator)
            case 1: bytes.removeSubrange(start..<end)
            case 2: bytes.insert(contentsOf: bytes[start..<end], at: end)
            case 3: bytes.removeSubrange(start...)
            default: bytes.insert(contentsOf: Array("[{\"\\:,}]\r\n\u{301}".utf8).shuffled(using: &generator), at: start)
            }
        }
    }

    private mutating func filled(_ template: String, _ number: Int) -> String {
        var text = ""
        for character in template.unicodeScalars {
            switch character {
            case "#": text += any(Self.values)
            case "$": for _ in 0..<8 { text += any(texts) }
            case "@": text += "\(number)"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
