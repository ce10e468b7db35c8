import Chat
import Models

/// A word, or one Han character, with the spelling under which patterns know it.
struct Token: Sendable {
    let key: String
    let range: Range<String.Index>

    var isHan: Bool { key.unicodeScalars.first?.isHan ?? false }
}

extension Token {
    /// The words of a text: a contraction such as "what's" gives two tokens with the same range.
    static func tokens(of text: Substring) -> [Token] {
        var tokens: [Token] = []
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let start = index
            let first = scalars[index]
            index = scalars.index(after: index)
            if first.isHan {
                let key = String(first)
                tokens.append(Token(key: Spelling.simplified[key] ?? key, range: start..<index))
            } else if first.isWord {
                while index < scalars.endIndex, scalars[index].continuesWord(before: scalars[scalars.index(after: index)...].first) {
                    index = scalars.index(after: index)
                }
                tokens += Spelling.keys(of: text[start..<index]).map { Token(key: $0, range: start..<index) }
            }
        }
        return tokens
    }
}

extension Unicode.Scalar {
    fileprivate func continuesWord(before next: Unicode.Scalar?) -> Bool {
        if self == "'" || self == "’" {
            return next.map { $0.isWord && !$0.isHan } ?? false
        }
        return isWord && !isHan
    }
}
