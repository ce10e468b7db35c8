extension JSONScanner {
    /// The text inside a string's quotation marks, and whether it has no half of a surrogate pair; nil if an escape is wrong (RFC 8259,
    /// section 7).
    static func unescaped(_ inside: ArraySlice<UInt8>) -> (text: CutText, isWhole: Bool)? {
        var (text, isWhole) = (CutText(""), true)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(inside.count)
        var rest = inside
        while let escape = rest.firstIndex(of: UInt8(ascii: "\\")) {
            bytes += rest[..<escape]
            rest = rest[(escape + 1)...]
            switch rest.popFirst() {
            case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "/"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0c)
            case UInt8(ascii: "n"): bytes.append(0x0a)
            case UInt8(ascii: "r"): bytes.append(0x0d)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                guard let unit = unit(&rest) else { return nil }
                if let scalar = Unicode.Scalar(unit) ?? trail(after: unit, &rest).flatMap({ CutText.scalar(unit, $0) }) {
                    bytes += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                    continue
                }
                isWhole = false
                if UTF16.isTrailSurrogate(unit), bytes.isEmpty, text.trail == nil {
                    text.trail = unit
                } else if UTF16.isLeadSurrogate(unit), rest.isEmpty {
                    text.lead = unit
                } else {
                    bytes += Array(UTF8.encodedReplacementCharacter)
                }
            default: return nil
            }
        }
        text.inside = String(decoding: bytes + rest, as: UTF8.self)
        return (text, isWhole)
    }

    /// Reads the second half of a pair, if it follows.
    private static func trail(after unit: UInt16, _ rest: inout ArraySlice<UInt8>) -> UInt16? {
        guard UTF16.isLeadSurrogate(unit), rest.starts(with: #"\u"#.utf8) else { return nil }
        var following = rest.dropFirst(2)
        guard let trail = self.unit(&following), UTF16.isTrailSurrogate(trail) else { return nil }
        rest = following
        return trail
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt16? {
        guard rest.count >= 4 else { return nil }
        var unit: UInt16 = 0
        for byte in rest.prefix(4) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                unit = unit << 4 | UInt16((byte | 0x20) - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        rest.removeFirst(4)
        return unit
    }
}
