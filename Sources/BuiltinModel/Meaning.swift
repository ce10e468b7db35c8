import Text

/// What a clause says. In the tables of phrases, `$1`, `$2` and so on stand for what the phrase captures.
enum Meaning: Sendable, Equatable {
    /// Said besides: answered only if there is nothing else to answer.
    case courtesy(String), greeting
    case identity, help, count, summary, profile, notes, time
    /// An earlier message of the user: 1 is the first, -1 the last.
    case asked(Int)
    /// The same for a captured number: 1 if it counts from the first, -1 if it counts from the last.
    case nth(Int)
    /// 0 is today.
    case date(Int)
    /// The key of what the user told about a thing, and what the thing is called.
    case recall(String, String)
    /// Something told: its key, and how it is said to the user. What is captured last is its value.
    case tell(String, String, Fact.Kind = .any)
    /// Something told that is to be remembered, whatever it is.
    case note
    case facts([Fact]), calculation(Arithmetic)
    /// Nothing, though a later phrase fits.
    case nothing

    fileprivate var isTold: Bool { if case .tell = self { true } else { self == .note || self == .nothing } }
}

extension Clause {
    /// What the clause says, if phrases tell.
    var meaning: Meaning? { Arithmetic(text).map(Meaning.calculation) ?? meaning(of: Words(start: 0, end: text.count)) }

    /// The facts that the clause tells.
    var facts: [Fact] { isAsked ? [] : facts(in: Words(start: 0, end: text.count)) }

    private func facts(in words: Words) -> [Fact] { if case .facts(let facts)? = meaning(of: words, isTold: true) { facts } else { [] } }

    /// The meaning of the words, or of what is left without those that only lead in or out.
    private func meaning(of words: Words, isTold: Bool = false) -> Meaning? {
        var rest: Words? = words
        for _ in 0..<8 {
            guard let words = rest else { break }
            let shorter = withoutEnding(words)
            if let meaning = exactMeaning(of: shorter, isTold: isTold) { return meaning }
            if shorter.end < words.end, let meaning = exactMeaning(of: words, isTold: isTold) { return meaning }
            rest = phrase(words).first(of: language.phrasebook.openers, { $0.first })
        }
        // "My name is 小明"
        guard language == .chinese else { return nil }
        var clause = self
        clause.language = .english
        return clause.meaning(of: words, isTold: isTold)
    }

    private func exactMeaning(of words: Words, isTold: Bool) -> Meaning? {
        for (meaning, phrases) in language.phrasebook.meanings where !isTold || meaning.isTold && !(isNote && meaning == .note) {
            if let meaning = phrase(words).first(of: phrases, { filled(meaning, $0) }) { return meaning == .nothing ? nil : meaning }
        }
        return nil
    }

    private func withoutEnding(_ words: Words) -> Words {
        var words = words
        while let rest = phrase(words).first(of: language.phrasebook.closers, { $0.first }) {
            // "Ok thanks" stays whole: one word is too little to go by.
            guard language == .chinese || spelling[rest.start..<rest.end].contains(UInt8(ascii: " ")) else { break }
            words = rest
        }
        return words
    }

    private func phrase(_ words: Words) -> Phrase { Phrase(spelling, words, isAsked: isAsked) }

    private func filled(_ meaning: Meaning, _ captures: [Words]) -> Meaning? {
        switch meaning {
        case .nth(let sign): number(captures[0]).map { .asked(sign * $0) }
        case .recall(let key, let name): .recall(filled(key, captures), name.filled(with: captures.map(string)))
        case .tell, .note:
            isAsked || phrase(captures[captures.count - 1]).matches(language.phrasebook.questions) ? nil : told(meaning, captures)
        default: meaning
        }
    }

    private func told(_ meaning: Meaning, _ captures: [Words]) -> Meaning? {
        var values = captures.map(string)
        // A thing's name is short.
        guard let words = captures.last, var value = values.popLast(), values.allSatisfy({ $0.utf8.count <= 40 }) else { return nil }
        guard case .tell(let key, let sentence, let kind) = meaning else {
            var clause = self
            clause.isNote = true
            let facts = clause.facts(in: words)
            return .facts([Fact(key: "note", value: value, sentence: facts.first?.sentence ?? "“\(value)”", language: language)] + facts)
        }
        let isCapitalized = value.utf8.split(separator: 0x20).allSatisfy { 0x41...0x5A ~= $0[$0.startIndex] || $0[$0.startIndex] >= 0x80 }
        if kind == .name, !isCapitalized { return nil }
        if kind == .age {
            guard let age = number(words), age <= 150 else { return nil }
            value = String(age)
        }
        let filled = sentence.filled(with: values + [value])
        return .facts([Fact(key: self.filled(key, captures), value: value, sentence: filled, language: language)])
    }

    private func spelled(_ words: Words) -> String { String(decoding: spelling[words.start..<words.end].trimmed, as: UTF8.self) }

    private func number(_ words: Words) -> Int? { Numeral.value(of: spelled(words)).flatMap { $0 > 0 ? $0 : nil } }

    /// The key with the captured words: the same for "favourite colour" and "favorite color", "dog's name" and "dog name".
    private func filled(_ key: String, _ captures: [Words]) -> String {
        guard key.utf8.contains(UInt8(ascii: "$")) else { return key }
        let words = key.filled(with: captures.map(spelled)).utf8.split(separator: UInt8(ascii: " ")).map { word in
            let word = word.suffix(2).elementsEqual("'s".utf8) ? word.dropLast(2) : word
            return English.spellings.first { $0.0.utf8.elementsEqual(word) }?.1 ?? String(Substring(word))
        }
        return words.joined(by: " ")
    }
}
