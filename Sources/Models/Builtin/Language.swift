/// The languages in which the built-in model reads and answers.
enum Language: Sendable, Hashable {
    case english
    case chinese

    init(of text: some StringProtocol) {
        self = text.unicodeScalars.contains(where: \.isHan) ? .chinese : .english
    }
}

extension Unicode.Scalar {
    /// The unified ideographs and their extensions (Unicode Standard, chapter 18.1).
    var isHan: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x3007, 0xF900...0xFAFF, 0x20000...0x323AF: true
        default: false
        }
    }

    var isWord: Bool {
        if isASCII {
            return (0x30...0x39).contains(value) || (0x41...0x5A).contains(value) || (0x61...0x7A).contains(value) || self == "_"
        }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .nonspacingMark,
            .spacingMark:
            // A variation selector follows an emoji, not a letter.
            return !properties.isVariationSelector
        default: return false
        }
    }
}
