/// What clauses of certain shapes mean.
struct Rule<Meaning: Sendable>: Sendable {
    private let patterns: [Pattern]
    private let meaning: @Sendable (Match) -> Meaning?

    init(_ patterns: String..., meaning: @escaping @Sendable (Match) -> Meaning?) {
        self.patterns = patterns.map(Pattern.init)
        self.meaning = meaning
    }

    init(_ meaning: Meaning, _ patterns: String...) {
        self.patterns = patterns.map(Pattern.init)
        self.meaning = { _ in meaning }
    }

    func apply(to clause: Clause, range: Range<Int>) -> Meaning? {
        for pattern in patterns {
            guard let captures = pattern.captures(in: clause.tokens, range: range) else { continue }
            if let meaning = meaning(Match(clause: clause, captures: captures)) { return meaning }
        }
        return nil
    }
}

/// What a pattern captured in a clause.
struct Match: Sendable {
    let clause: Clause
    let captures: [Range<Int>]

    func text(_ hole: Int = 0) -> String { clause.text(of: captures[hole]) }
    func keys(_ hole: Int = 0) -> [String] { clause.tokens[captures[hole]].map(\.key) }

    /// The text of everything from the hole to the clause's end.
    var remainder: String { clause.text(of: captures[0].lowerBound..<clause.tokens.count) }
}
