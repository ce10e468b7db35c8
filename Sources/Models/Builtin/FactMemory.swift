/// The facts that the user stated in a conversation; nothing that an assistant said counts.
struct FactMemory {
    let conversation: Conversation

    private static let limit = 20

    /// The newest facts for the question's first key, and newer ones for its other keys; without the former, all of the latter.
    func facts(answering question: FactQuestion) -> [Fact] {
        var found: [Fact] = []
        for fact in newestFirst where question.keys.contains(fact.key) {
            guard fact.isOneOfMany || !found.contains(where: { $0.key == fact.key }) else { continue }
            found.append(fact)
            if fact.key == question.keys.first, !fact.isOneOfMany { break }
            if found.count == Self.limit { break }
        }
        return distinct(found)
    }

    /// The newest fact about each thing, oldest first.
    var profile: [Fact] {
        var seen: Set<String> = []
        return distinct(newestFirst.lazy.filter { seen.insert($0.isOneOfMany ? $0.sentence : $0.key).inserted }.prefix(Self.limit))
    }

    /// What the user asked to remember, oldest first.
    var notes: [Fact] { distinct(newestFirst.lazy.filter { $0.key == Fact.note }.prefix(Self.limit)) }

    private var newestFirst: some Sequence<Fact> {
        conversation.said.reversed().lazy.flatMap { message in
            let language = Language(of: message)
            return Clause.clauses(of: message).reversed().flatMap { $0.facts(in: language).reversed() }
        }
    }

    private func distinct(_ facts: some Sequence<Fact>) -> [Fact] {
        var seen: Set<String> = []
        return facts.filter { seen.insert($0.sentence).inserted }.reversed()
    }
}
