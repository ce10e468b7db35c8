import Chat

/// A part of a message that says one thing: "Hi, my name is Alice. Who are you?" has three.
struct Clause: Sendable {
    /// What was written, in UTF-8, with single spaces and without contractions and the punctuation around it.
    let text: [UInt8]
    /// The same in lower case and simplified characters, as phrases are written. Its offsets are those of the text.
    let spelling: [UInt8]
    /// True if a question mark ends it.
    let isAsked: Bool
    /// The language of its phrases.
    var language: Language

    /// The longest parts of a message and of a clause that are read, which bound the cost of any message.
    static let (readableBytes, clauseBytes) = (4096, 400)

    /// The clauses of the message's beginning that have a word.
    static func clauses(of message: String) -> [Clause] {
        var (clauses, sentence, hasWord, size) = ([] as [Clause], [] as [UInt8], false, 0)
        var previous: Unicode.Scalar = " "
        func end(isAsked: Bool = false) {
            if hasWord { clauses += parts(of: sentence, isAsked: isAsked) }
            (sentence, hasWord) = ([], false)
        }
        for scalar in message.unicodeScalars.drop(while: \.isBlank) {
            size += UTF8.width(scalar)
            guard size <= readableBytes else { break }
            switch scalar {
            case "?", "？": end(isAsked: true)
            case "!", "！", "。", "，", "；", "…", "\n": end()
            case "," where previous.isHan: end()
            case "：": sentence += ": ".utf8
            case "’": sentence.append(UInt8(ascii: "'"))
            case _ where scalar.isBlank:
                let isAbbreviated = English.abbreviations.contains { sentence.suffix($0.utf8.count).elementsEqual($0.utf8) }
                if previous == ";" || previous == "." && !isAbbreviated {
                    end()
                } else if !previous.isBlank {
                    sentence.append(UInt8(ascii: " "))
                }
            default:
                sentence += UTF8.encode(scalar).map(Array.init) ?? []
                hasWord = hasWord || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            }
            previous = scalar
        }
        end()
        return clauses
    }

    /// The sentence, taken apart before "and I", ", my" and the like.
    private static func parts(of sentence: [UInt8], isAsked: Bool) -> [Clause] {
        let text = sentence.contains(UInt8(ascii: "'")) ? withoutContractions(sentence) : sentence
        let spelling = text.spelling
        var (parts, start) = ([] as [Clause], 0)
        for space in text.indices.dropFirst() where text[space] == UInt8(ascii: " ") {
            let rest = Phrase(spelling: spelling, range: space..<text.count)
            guard rest.matches(English.joints) || text[space - 1].isPause && rest.matches(English.beginnings) else { continue }
            parts += clause(text[start..<space], spelling, isAsked: false)
            start = space
        }
        return parts + clause(text[start...], spelling, isAsked: isAsked)
    }

    private static func clause(_ text: ArraySlice<UInt8>, _ spelling: [UInt8], isAsked: Bool) -> [Clause] {
        var text = text.trimmed
        if text.count > clauseBytes {
            text = text.prefix(clauseBytes)
            // No character is cut.
            while text.popLast()?.isContinuation == true {}
        }
        let language: Language = text.contains(where: \.isHan) ? .chinese : .english
        return text.isEmpty
            ? [] : [Clause(text: Array(text), spelling: Array(spelling[text.indices]), isAsked: isAsked, language: language)]
    }

    private static func withoutContractions(_ text: [UInt8]) -> [UInt8] {
        let words = text.split(separator: UInt8(ascii: " ")).map { word in
            English.contractions.first { $0.0.utf8.elementsEqual(word.lazy.map(\.lowercased)) }.map { Array($0.1.utf8)[...] } ?? word
        }
        return Array(words.joined(separator: " ".utf8))
    }

    /// The words as they were written; at most 200 bytes.
    func string(_ words: Range<Int>) -> String { String(decoding: text[words].trimmed, as: UTF8.self).oneLine(toBytes: 200) }
}

extension [UInt8] {
    /// The bytes in lower case and simplified characters.
    fileprivate var spelling: [UInt8] {
        var spelling = map(\.lowercased)
        for index in indices where self[index].isHan {
            if let simple = Chinese.simplified(self[index..<Swift.min(index + 3, count)]) {
                spelling.replaceSubrange(index..<index + 3, with: simple)
            }
        }
        return spelling
    }
}
