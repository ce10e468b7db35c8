/// Identifiers in the style of OpenAI's API: a prefix such as `chatcmpl-`, `turn-` or `req_`, and 24 letters and digits (120 bits).
package enum Identifier {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz012345".utf8)

    /// True for a character that identifiers have behind their prefix.
    package static func isDigit(_ character: UInt8) -> Bool { value(of: character) != nil }

    /// The number that a character stands for, less than 32; nil if it is none of theirs.
    private static func value(of character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character - UInt8(ascii: "a"))
        case UInt8(ascii: "0")...UInt8(ascii: "5"): Int(character - UInt8(ascii: "0")) + 26
        default: nil
        }
    }

    /// A number in these characters, the highest digit first, as many as are asked for: what does not fit is left out.
    package static func digits(_ number: Int, count: Int) -> String {
        String(decoding: (0..<count).reversed().map { alphabet[number >> ($0 * 5) & 31] }, as: UTF8.self)
    }

    /// The number that `digits` wrote; nil if it is something else, or has more than 12 characters.
    package static func number(_ digits: some StringProtocol) -> Int? {
        guard 1...12 ~= digits.utf8.count else { return nil }
        var number = 0
        for digit in digits.utf8 {
            guard let value = value(of: digit) else { return nil }
            number = number << 5 | value
        }
        return number
    }

    /// A new random identifier.
    package static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        // Each call asks the kernel, so there are only two.
        return make(prefix, [generator.next(), generator.next()])
    }

    /// A new random secret: 300 bits.
    package static func secret(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        return make(prefix, (0..<5).map { _ in generator.next() })
    }

    /// The identifier for a digest, always the same one.
    ///
    /// - Parameter digest: at least 16 bytes, of which the first 16 count.
    package static func make(prefix: String, digest: [UInt8]) -> String {
        func bits(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return make(prefix, [bits(digest[..<8]), bits(digest[8..<16])])
    }

    /// Takes 12 characters of 5 bits from each number.
    private static func make(_ prefix: String, _ numbers: [UInt64]) -> String {
        var characters = Array(prefix.utf8)
        characters.reserveCapacity(characters.count + 12 * numbers.count)
        for bits in numbers {
            for place in 0..<12 { characters.append(alphabet[Int(bits >> (place * 5) & 31)]) }
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
