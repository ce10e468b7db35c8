/// What a clause says. In the tables of phrases, `$1`, `$2` and so on stand for what the phrase captures.
enum Meaning: Sendable, Equatable {
    /// Said besides: answered only if there is nothing else to answer.
    case courtesy(String), greeting
    case say(String)
    /// An earlier message of the user: 1 is the first, -1 the last.
    case asked(Int)
    /// An earlier message whose number, from the first or from the last, is captured.
    case nth, nthFromEnd
    case count, summary, profile, notes, time, year
    /// 0 is today.
    case date(dayOffset: Int)
    /// What the user told about a thing, and what the thing is called.
    case recall(key: String, label: String)
    /// Something told: what is captured last is its value.
    case tell(key: String, sentence: String, kind: Fact.Kind = .any)
    /// Something told that is to be remembered, whatever it is.
    case note
    case facts([Fact])
    case calculation(Arithmetic)
    /// What means nothing, though another phrase fits it.
    case nothing

    fileprivate var kind: Fact.Kind? { if case .tell(_, _, let kind) = self { kind } else { nil } }
}

extension Clause {
    /// What the clause says, if the phrases of its language tell.
    var meaning: Meaning? {
        if let calculation = Arithmetic(text) { return .calculation(calculation) }
        return meaning(of: text.indices) { $0.kind != .noted }
    }

    /// The facts that the clause tells.
    var facts: [Fact] {
        isAsked ? [] : facts(in: text.indices) { $0 == .note || $0.kind.map { $0 != .noted } == true }
    }

    private func facts(in words: Range<Int>, where isPossible: (Meaning) -> Bool) -> [Fact] {
        if case .facts(let facts)? = meaning(of: words, where: isPossible) { facts } else { [] }
    }

    /// The meaning of the words, or of what is left without those that only lead in or out.
    private func meaning(of words: Range<Int>, where isPossible: (Meaning) -> Bool) -> Meaning? {
        var rest: Range<Int>? = words
        // Nobody leads in with more.
        for _ in 0..<8 {
            guard let words = rest else { break }
            for range in [withoutEnding(words), words] {
                for (meaning, phrases) in language.phrasebook.meanings where isPossible(meaning) {
                    guard let meaning = phrase(range).first(of: phrases, { filled(meaning, $0) }) else { continue }
                    if meaning == .nothing { break }
                    return meaning
                }
            }
            rest = phrase(words).first(of: language.phrasebook.openers, \.first)
        }
        // "My name is 小明"
        guard language == .chinese else { return nil }
        var clause = self
        clause.language = .english
        return clause.meaning(of: words, where: isPossible)
    }

    private func withoutEnding(_ words: Range<Int>) -> Range<Int> {
        var words = words
        // "Ok thanks" stays whole: one word is too little to go by.
        while let rest = phrase(words).first(of: language.phrasebook.closers, \.first),
            language == .chinese || spelling[rest].contains(UInt8(ascii: " "))
        {
            words = rest
        }
        return words
    }

    private func phrase(_ words: Range<Int>) -> Phrase { Phrase(spelling: spelling, range: words, isAsked: isAsked) }

    private func filled(_ meaning: Meaning, _ captures: [Range<Int>]) -> Meaning? {
        switch meaning {
        case .nth: number(captures[0]).map(Meaning.asked)
        case .nthFromEnd: number(captures[0]).map { .asked(-$0) }
        case .recall(let key, let label): .recall(key: filled(key, captures), label: label.filled(with: captures.map(string)))
        case .tell(let key, let sentence, let kind): isAsked ? nil : fact(key, sentence, kind, captures).map { .facts([$0]) }
        case .note: isAsked || phrase(captures[0]).matches(language.phrasebook.questions) ? nil : .facts(noted(captures[0]))
        default: meaning
        }
    }

    private func noted(_ words: Range<Int>) -> [Fact] {
        let facts = facts(in: words) { $0.kind != nil }
        let value = string(words)
        return [Fact(key: Fact.note, value: value, sentence: facts.first?.sentence ?? "“\(value)”", language: language)] + facts
    }

    private func fact(_ key: String, _ sentence: String, _ kind: Fact.Kind, _ captures: [Range<Int>]) -> Fact? {
        var values = captures.map(string)
        // A thing's name is short.
        guard let words = captures.last, var value = values.popLast(), values.allSatisfy({ $0.utf8.count <= 40 }) else { return nil }
        switch kind {
        case .age:
            guard let age = number(words), age <= 150 else { return nil }
            value = String(age)
        case .name:
            guard value.split(separator: " ").allSatisfy({ $0.unicodeScalars.first?.properties.isUppercase == true }) else { return nil }
        case .any, .noted: guard !phrase(words).matches(language.phrasebook.questions) else { return nil }
        }
        return Fact(key: filled(key, captures), value: value, sentence: sentence.filled(with: values + [value]), language: language)
    }

    /// The number of at least one that the words are.
    private func number(_ words: Range<Int>) -> Int? { Numeral.value(of: spelling[words].trimmed).flatMap { $0 > 0 ? $0 : nil } }

    /// The key with the captured words: the same for "dog's name" and "dog name".
    private func filled(_ key: String, _ captures: [Range<Int>]) -> String {
        guard key.utf8.contains(UInt8(ascii: "$")) else { return key }
        let words = key.filled(with: captures.map { String(decoding: spelling[$0].trimmed, as: UTF8.self) }).split(separator: " ")
        return words.map { word in
            let word = word.utf8.suffix(2).elementsEqual("'s".utf8) ? Substring(word.utf8.dropLast(2)) : word
            return English.synonyms.first { $0.0.utf8.elementsEqual(word.utf8) }?.1 ?? String(word)
        }.joined(separator: " ")
    }
}
