/// Random identifiers, as OpenAI's API has them: `chatcmpl-`, `turn-`, `req_`, … and letters and digits.
public enum Identifier {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz012345".utf8)

    /// A new identifier: the prefix and 24 characters (120 bits) of the system's randomness.
    public static func make(prefix: String) -> String {
        var generator = SystemRandomNumberGenerator()
        var text = Array(prefix.utf8)
        // 12 characters of 5 bits a call: each call asks the kernel.
        for bits in [generator.next(), generator.next()] {
            text += (0..<12).map { alphabet[Int(bits >> ($0 * 5) & 31)] }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
