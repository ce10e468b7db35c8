import Models

/// Rules in the order in which they are tried, found by the word with which a clause begins: most patterns name it, so most clauses
/// meet a few of them.
struct RuleTable<Meaning: Sendable>: Sendable, ExpressibleByArrayLiteral {
    private struct Entry: Sendable {
        var pattern: Pattern
        var rule: Rule<Meaning>
    }

    private let entries: [Entry]
    /// Where in the entries those stand that begin with a word, in order.
    private var byOpening: [String: [Int]] = [:]
    /// Where those stand that may begin with any word, in order.
    private var open: [Int] = []

    init(arrayLiteral rules: Rule<Meaning>...) {
        entries = rules.flatMap { rule in rule.patterns.map { Entry(pattern: $0, rule: rule) } }
        for (index, entry) in entries.enumerated() {
            if let openings = entry.pattern.openings {
                for opening in openings { byOpening[opening, default: []].append(index) }
            } else {
                open.append(index)
            }
        }
    }

    /// What the first rule that fits says of the clause.
    func meaning(of clause: Clause, range: Range<Int>) -> Meaning? {
        guard let first = range.first else { return nil }
        var named = byOpening[clause.tokens[first].key, default: []][...]
        var open = open[...]
        while !named.isEmpty || !open.isEmpty {
            let isNamed = named.first ?? .max < open.first ?? .max
            let entry = entries[isNamed ? named.removeFirst() : open.removeFirst()]
            guard let captures = entry.pattern.captures(in: clause.tokens, range: range) else { continue }
            if let meaning = entry.rule.meaning(Match(clause: clause, captures: captures)) { return meaning }
        }
        return nil
    }
}
