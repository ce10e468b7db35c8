import Chat
import Models

/// The languages in which the built-in model reads and answers.
enum Language: Sendable, Hashable {
    case english
    case chinese

    init(of text: some StringProtocol) {
        self = text.unicodeScalars.contains(where: \.isHan) ? .chinese : .english
    }
}

extension Unicode.Scalar {
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
