/// Rules in the order in which they are tried, found by the word with which a clause begins: most patterns name it, so most clauses
/// meet a few of them.
struct RuleTable<Meaning: Sendable>: Sendable, ExpressibleByArrayLiteral {
    private struct Entry: Sendable {
        var pattern: Pattern
        var rule: Rule<Meaning>
    }

    private var byOpening: [String: [Entry]] = [:]
    /// Those that may begin with any word.
    private var open: [Entry] = []

    init(arrayLiteral rules: Rule<Meaning>...) {
        let entries = rules.flatMap { rule in rule.patterns.map { Entry(pattern: $0, rule: rule) } }
        for entry in entries {
            for opening in entry.pattern.openings ?? [] { byOpening[opening] = [] }
        }
        for entry in entries {
            guard let openings = entry.pattern.openings else {
                open.append(entry)
                for opening in byOpening.keys { byOpening[opening]?.append(entry) }
                continue
            }
            for opening in openings { byOpening[opening]?.append(entry) }
        }
    }

    /// What the first rule that fits says of the clause.
    func meaning(of clause: Clause, range: Range<Int>) -> Meaning? {
        guard let first = range.first else { return nil }
        for entry in byOpening[clause.tokens[first].key] ?? open {
            guard let captures = entry.pattern.captures(in: clause.tokens, range: range) else { continue }
            if let meaning = entry.rule.meaning(Match(clause: clause, captures: captures)) { return meaning }
        }
        return nil
    }
}
