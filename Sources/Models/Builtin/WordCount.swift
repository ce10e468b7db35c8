import Chat

extension String {
    /// Words between white space; each Han character is a word of its own. One pass over the scalars.
    var wordCount: Int {
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

extension Prompt {
    var wordCount: Int {
        func words(_ messages: [Message]) -> Int { messages.reduce(0) { $0 + $1.content.wordCount } }
        return history.reduce(words(instructions) + words(turn)) { $0 + words($1) }
    }
}
