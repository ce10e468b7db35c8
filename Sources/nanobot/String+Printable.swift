extension String {
    /// The text as it may stand in a log line or on a terminal: what they would obey instead of showing it is `\u001b` and the like, which
    /// mean the same in JSON.
    ///
    /// - Parameter keepsLines: true if line feeds and tabs stay.
    func printable(keepsLines: Bool) -> String {
        guard utf8.contains(where: { !(0x20..<0x7f ~= $0) }) else { return self }
        var printable = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar.isObeyed, !(keepsLines && (scalar == "\n" || scalar == "\t")) {
                let code = String(scalar.value, radix: 16)
                printable.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - code.utf8.count) + code).unicodeScalars)
            } else {
                printable.append(scalar)
            }
        }
        return String(printable)
    }
}

extension Unicode.Scalar {
    /// True for control characters, C1 included (ECMA-48), for those that end a line, and for those that change the direction of text
    /// (Unicode Standard Annex 9), with which a line can look like another.
    fileprivate var isObeyed: Bool {
        switch value {
        case ..<0x20, 0x7f..<0xa0, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x206f: true
        default: false
        }
    }
}
