import Chat

/// A part of a message that says one thing: "Hi, my name is Alice. Who are you?" has three.
struct Clause: Sendable {
    /// What was written, in UTF-8, with single spaces and without the punctuation around it.
    let text: [UInt8]
    /// The same in lower case, as phrases are written.
    let spelling: [UInt8]
    /// True if a question mark ends it.
    let isAsked: Bool
    /// The language of the phrases that it is tried against.
    var language: Language
    /// True for what follows "remember", which has no such thing in it again.
    var isNote = false

    /// The longest parts of a message and of a clause that are read, which bound the cost of any message.
    static let (readableBytes, clauseBytes) = (4096, 400)

    /// The clauses of the message's beginning that have a word.
    static func clauses(of message: String) -> [Clause] {
        var (clauses, sentence, hasWord, size, previous) = ([] as [Clause], [] as [UInt8], false, 0, " " as Unicode.Scalar)
        func end(isAsked: Bool = false) {
            if hasWord { addParts(of: sentence, isAsked, to: &clauses) }
            (sentence, hasWord) = ([], false)
        }
        for scalar in message.unicodeScalars.drop(while: \.isBlank) {
            size += UTF8.width(scalar)
            guard size <= readableBytes else { break }
            switch scalar {
            case "?", "？": end(isAsked: true)
            case "!", "！", "。", "，", "；", "…", "\n": end()
            case "," where previous.isHan: end()
            case _ where scalar.isBlank:
                let isShort = English.abbreviations.contains { sentence.suffix($0.utf8.count).elementsEqual($0.utf8) }
                if previous == ";" || previous == "." && !isShort { end() } else if !previous.isBlank { sentence.append(0x20) }
            case "：", "’": sentence.append(UInt8(ascii: scalar == "’" ? "'" : ":"))
            default:
                for byte in String(scalar).utf8 { sentence.append(byte) }
                hasWord = hasWord || scalar.properties.isAlphabetic || scalar.properties.generalCategory == .decimalNumber
            }
            previous = scalar
        }
        end()
        return clauses
    }

    /// Adds the sentence, taken apart before "and I", ", my" and the like.
    private static func addParts(of sentence: [UInt8], _ isAsked: Bool, to clauses: inout [Clause]) {
        let spelling = sentence.map(\.lowercased)
        var start = 0
        for end in 1...sentence.count {
            if end < sentence.count {
                guard sentence[end] == UInt8(ascii: " ") else { continue }
                let rest = Phrase(spelling, Words(start: end, end: sentence.count))
                guard rest.matches(English.joints) || sentence[end - 1].isPause && rest.matches(English.beginnings) else { continue }
            }
            var text = sentence[start..<end].trimmed
            start = end
            if text.count > clauseBytes {
                text = text.prefix(clauseBytes)
                // No character is cut.
                while text.popLast()?.isContinuation == true {}
            }
            guard !text.isEmpty else { continue }
            let language: Language = text.contains(where: \.isHan) ? .chinese : .english
            let isLast = end == sentence.count
            clauses.append(
                Clause(text: Array(text), spelling: Array(spelling[text.indices]), isAsked: isAsked && isLast, language: language))
        }
    }

    /// The words as they were written; at most 200 bytes.
    func string(_ words: Words) -> String { String(decoding: text[words.start..<words.end].trimmed, as: UTF8.self).oneLine(toBytes: 200) }
}
