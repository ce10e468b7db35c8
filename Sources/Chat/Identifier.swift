/// Random identifiers, as OpenAI's API has them: `chatcmpl-`, `turn-`, `req_`, … and letters and digits.
public enum Identifier {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// A new identifier: the prefix and 24 characters (124 bits) of the system's randomness.
    public static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        var text = prefix
        for _ in 0..<2 {
            // 36 to the power of 12: two calls for randomness instead of 24.
            var bits = UInt64.random(in: 0..<4_738_381_338_321_616_896, using: &generator)
            for _ in 0..<12 {
                text.unicodeScalars.append(Unicode.Scalar(alphabet[Int(bits % 36)]))
                bits /= 36
            }
        }
        return text
    }
}
