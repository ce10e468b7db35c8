import Chat
import Models

/// A phrase with holes. Words are literal, `(a|b c|)` is a choice that may be empty, `*` captures one or more words,
/// `~` skips any number of words. In Chinese each character is a word.
struct Pattern: Sendable {
    private enum Element: Sendable {
        case choice([[String]])
        case capture
        case skip
    }

    private let elements: [Element]
    /// The words with which what it covers begins; nil where that may be any.
    let openings: Set<String>?

    init(_ source: String) {
        var elements: [Element] = []
        // Bytes, since all patterns are read when the first turn comes: over CGI that is each turn.
        var literal = source.utf8[...]
        var rest = literal
        func close(before end: String.Index) {
            elements += Self.keys(literal[..<end]).map { .choice([[$0]]) }
        }
        while let byte = rest.first {
            let start = rest.startIndex
            rest.removeFirst()
            switch byte {
            case UInt8(ascii: "("): close(before: start)
            case UInt8(ascii: ")"):
                let choices = literal[..<start].split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false).map(Self.keys)
                // The longest first: a capture gets only what no choice before it takes.
                elements.append(.choice(choices.sorted { $0.count > $1.count }))
            case UInt8(ascii: "*"), UInt8(ascii: "~"):
                close(before: start)
                elements.append(byte == UInt8(ascii: "*") ? .capture : .skip)
            default: continue
            }
            literal = rest
        }
        close(before: rest.startIndex)
        self.elements = elements
        openings = Self.openings(elements)
    }

    private static func openings(_ elements: [Element]) -> Set<String>? {
        var openings: Set<String> = []
        for element in elements {
            guard case .choice(let choices) = element else { return nil }
            openings.formUnion(choices.compactMap(\.first))
            if !choices.contains([]) { return openings }
        }
        return nil
    }

    /// Splits on spaces and between Han characters; patterns are written in their final spelling.
    private static func keys(_ text: Substring.UTF8View) -> [String] {
        var keys: [String] = []
        for word in text.split(separator: UInt8(ascii: " ")).map(Substring.init) {
            if word.utf8.contains(where: { $0 >= 0x80 }), word.unicodeScalars.contains(where: \.isHan) {
                keys += word.map(String.init)
            } else {
                keys.append(String(word))
            }
        }
        return keys
    }

    /// What the holes captured if the pattern covers the tokens from the first to the last.
    func captures(in tokens: [Token], range: Range<Int>) -> [Range<Int>]? {
        match(elements[...], tokens, range)
    }

    private func match(_ elements: ArraySlice<Element>, _ tokens: [Token], _ range: Range<Int>) -> [Range<Int>]? {
        guard let element = elements.first else { return range.isEmpty ? [] : nil }
        let rest = elements.dropFirst()
        switch element {
        case .choice(let choices):
            for choice in choices where choice.count <= range.count {
                let end = range.lowerBound + choice.count
                guard zip(choice, range).allSatisfy({ $0 == tokens[$1].key }) else { continue }
                if let captures = match(rest, tokens, end..<range.upperBound) { return captures }
            }
            return nil
        case .skip where rest.isEmpty: return []
        case .capture where rest.isEmpty: return range.isEmpty ? nil : [range]
        case .skip, .capture:
            let isCapture = if case .capture = element { true } else { false }
            for end in range.lowerBound...range.upperBound where !isCapture || end > range.lowerBound {
                guard let captures = match(rest, tokens, end..<range.upperBound) else { continue }
                return isCapture ? [range.lowerBound..<end] + captures : captures
            }
            return nil
        }
    }
}
