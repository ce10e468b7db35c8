import Models

/// What clauses of certain shapes mean.
struct Rule<Meaning: Sendable>: Sendable {
    let patterns: [Pattern]
    let meaning: @Sendable (Match) -> Meaning?

    init(_ patterns: String..., meaning: @escaping @Sendable (Match) -> Meaning?) {
        self.patterns = patterns.map(Pattern.init)
        self.meaning = meaning
    }

    init(_ meaning: Meaning, _ patterns: String...) {
        self.patterns = patterns.map(Pattern.init)
        self.meaning = { _ in meaning }
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
