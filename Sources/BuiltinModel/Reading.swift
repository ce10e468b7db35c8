import Models

/// What a clause says, as far as the rules tell.
enum Reading: Sendable {
    case intent(Intent)
    case facts([Fact])
    case calculation(Arithmetic)
}

extension Clause {
    /// What the clause says in the language, or nothing.
    func reading(in language: Language) -> Reading? {
        for range in readableRanges {
            for rules in language.intents {
                if let intent = rules.meaning(of: self, range: range) { return .intent(intent) }
            }
            if let facts = facts(in: language, range: range) { return .facts(facts) }
        }
        if let calculation = Arithmetic(text[range]) { return .calculation(calculation) }
        guard language == .chinese else { return nil }
        return readableRanges.lazy.compactMap { Chinese.guesses.meaning(of: self, range: $0) }.first.map(Reading.intent)
    }

    /// The facts that the clause states.
    func facts(in language: Language) -> [Fact] {
        readableRanges.lazy.compactMap { facts(in: language, range: $0) }.first ?? []
    }

    private func facts(in language: Language, range: Range<Int>) -> [Fact]? {
        guard !isAsked else { return nil }
        for rules in language.statements {
            if let facts = rules.meaning(of: self, range: range) { return facts }
        }
        return nil
    }

    /// The clause without words that only lead in or out, more and more of them.
    private var readableRanges: [Range<Int>] {
        var range = tokens.startIndex..<tokens.endIndex
        var ranges: [Range<Int>] = []
        while !range.isEmpty {
            let end = Courtesy.end(of: tokens, range)
            ranges += end < range.upperBound ? [range.lowerBound..<end, range] : [range]
            let start = Courtesy.start(of: tokens, range)
            guard start > range.lowerBound, ranges.count < 12 else { break }
            range = start..<range.upperBound
        }
        return ranges
    }
}

extension Language {
    fileprivate var intents: [RuleTable<Intent>] { self == .english ? [English.intents] : [Chinese.intents, English.intents] }
    fileprivate var statements: [RuleTable<[Fact]>] { self == .english ? [English.statements] : [Chinese.statements, English.statements] }
}
