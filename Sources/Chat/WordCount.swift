extension StringProtocol {
    /// The number of words between white space. Each Han character is a word of its own.
    package var wordCount: Int {
        var count = 0
        var inWord = false
        for scalar in unicodeScalars {
            if scalar.isHan {
                count += 1
                inWord = false
            } else if scalar.isASCII ? (scalar.value <= 0x20) : scalar.properties.isWhitespace {
                inWord = false
            } else if !inWord {
                count += 1
                inWord = true
            }
        }
        return count
    }
}

extension Unicode.Scalar {
    /// The unified ideographs and their extensions (Unicode Standard, chapter 18.1).
    package var isHan: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x3007, 0xF900...0xFAFF, 0x20000...0x323AF: true
        default: false
        }
    }
}
