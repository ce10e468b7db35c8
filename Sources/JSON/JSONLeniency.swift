import Text

/// How much of what is not quite JSON is read. Each case reads what those before it do.
package enum JSONLeniency: Sendable, Comparable {
    /// Only JSON (RFC 8259) in UTF-8.
    case strict
    /// Half of a surrogate pair (`"\ud83d"`), which is what a client writes that cuts a text in the middle of a character, is U+FFFD.
    case cutCharacters
    /// Control characters may stand in strings as they are, and bytes that are not UTF-8 are U+FFFD.
    case anyText
    /// For chunks of a text: a string that begins or ends with half of a pair stays JSON text, so that `JSONValue.cutText` is not nil.
    case chunks
}

/// A text that may begin with the second half of a character and end with the first half of one.
package struct CutText: Sendable, Equatable {
    /// The second half of a surrogate pair, which stands before the text.
    package var trail: UInt16?
    package var inside: String
    /// The first half of a surrogate pair, which stands behind the text.
    package var lead: UInt16?

    package init(_ inside: String) { self.inside = inside }

    /// The text with U+FFFD for its halves.
    package var whole: String {
        guard trail != nil || lead != nil else { return inside }
        return (trail == nil ? "" : "\u{fffd}") + inside + (lead == nil ? "" : "\u{fffd}")
    }

    /// The character of two halves; nil if they are none.
    package static func scalar(_ lead: UInt16, _ trail: UInt16) -> Unicode.Scalar? {
        guard UTF16.isLeadSurrogate(lead), UTF16.isTrailSurrogate(trail) else { return nil }
        return UTF16.decode(UTF16.EncodedScalar([lead, trail]))
    }
}

extension JSONValue {
    /// A string that was read with `.chunks` and has half of a character at its beginning or end.
    package var cutText: CutText? {
        guard case .text(let text) = self, text.first == UInt8(ascii: "\"") else { return nil }
        return JSONScanner.unescaped(text.dropFirst().dropLast())?.text
    }

    /// The value with U+FFFD for every half of a character.
    package var withoutCutText: JSONValue {
        switch self {
        case .object(let members): .object(members.map { ($0.0, $0.1.withoutCutText) })
        case .array(let elements): .array(elements.map(\.withoutCutText))
        default: cutText.map { .string($0.whole) } ?? self
        }
    }
}
