import Models

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

    /// The words with which the user told the newest fact about each thing, oldest first: as much of them as is read of one message.
    var statements: [String] {
        var seen: Set<String> = []
        var room = Clause.readableBytes - 100
        let newest = told.compactMap { clause, facts -> String? in
            guard facts.reduce(false, { seen.insert($1.isOneOfMany ? $1.sentence : $1.key).inserted || $0 }) else { return nil }
            let statement = clause.text[clause.range].oneLine(toBytes: 400)
            room -= statement.utf8.count + 1
            return room >= 0 ? statement : nil
        }
        return newest.reversed()
    }

    private var newestFirst: some Sequence<Fact> { told.lazy.flatMap(\.1) }

    /// What the user told and the facts in it, newest first.
    private var told: some Sequence<(Clause, [Fact])> {
        conversation.said.reversed().lazy.flatMap { message in
            let language = Language(of: message)
            return Clause.clauses(of: message).reversed().lazy.map { ($0, Array($0.facts(in: language).reversed())) }
        }
    }

    private func distinct(_ facts: some Sequence<Fact>) -> [Fact] {
        var seen: Set<String> = []
        return facts.filter { seen.insert($0.sentence).inserted }.reversed()
    }
}
