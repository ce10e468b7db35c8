/// Identifiers as OpenAI's API has them: `chatcmpl-`, `turn-`, `req_`, … and 24 letters and digits (120 bits).
package enum Identifier {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz012345".utf8)

    /// A new identifier, of the system's randomness.
    package static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        // Two calls: each asks the kernel.
        return make(prefix, generator.next(), generator.next())
    }

    /// The identifier that a digest stands for: always the same.
    ///
    /// - Parameter digest: at least 16 bytes; the first ones count.
    package static func make(prefix: String, digest: [UInt8]) -> String {
        func bits(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return make(prefix, bits(digest[..<8]), bits(digest[8..<16]))
    }

    /// 12 characters of 5 bits from each number.
    private static func make(_ prefix: String, _ numbers: UInt64...) -> String {
        let characters = numbers.flatMap { bits in (0..<12).map { alphabet[Int(bits >> ($0 * 5) & 31)] } }
        return prefix + String(decoding: characters, as: UTF8.self)
    }
}
