import Text

/// Something that the user told about the user's world.
struct Fact: Sendable, Equatable {
    /// What a value has to be: anything, words with capital letters, or a number of years.
    enum Kind: Sendable, Equatable { case any, name, age }

    /// The key is "name", "favorite color", "dog name" or the like.
    let key, value: String
    /// The fact as said to the user, in the language in which it was told: "your name is Alice".
    let sentence: String
    let language: Language

    /// True if a user has several values for the key; for all others the newest counts.
    var isOneOfMany: Bool { key == "note" || key == "like" }
    /// What a newer fact has to share with this one to replace it.
    var identity: [UInt8] { Array((isOneOfMany ? sentence : key).utf8) }

    /// The fact as said in a language: one from the other language takes the sentence of this one's first phrase with the key.
    func sentence(in language: Language) -> String {
        guard self.language != language else { return sentence }
        for case (.tell(let key, let sentence, _), _) in language.phrasebook.meanings where key == self.key {
            let isWord = value.utf8.first?.lowercased.isWord == true && value.utf8.first?.isDigit == false
            return sentence.filled(with: [language == .chinese && isWord ? " " + value : value])
        }
        return sentence
    }
}

/// The facts that the user stated in a conversation; nothing that an assistant said counts.
struct FactMemory {
    /// The user's messages, oldest first.
    let messages: [String]

    /// The newest facts for the key, or about everything, at most 20, oldest first.
    func facts(for key: String? = nil) -> [Fact] {
        let keys = key.map { [$0, $0 + " name"] }
        var facts: [Fact] = []
        read { _, told in
            for fact in told.reversed() where keys?.contains(where: { $0 == fact.key }) != false {
                guard !facts.contains(where: { $0.identity == fact.identity }) else { continue }
                facts.append(fact)
                if facts.count == 20 || key != nil && !fact.isOneOfMany { return false }
            }
            return true
        }
        return facts.reversed()
    }

    /// The words with which the user told the newest fact about each thing, oldest first: as much of them as is read of one message.
    var statements: [String] {
        var (statements, seen, room) = ([] as [String], [] as Set<[UInt8]>, Clause.readableBytes - 100)
        read { clause, told in
            guard told.reduce(false, { seen.insert($1.identity).inserted || $0 }) else { return true }
            let statement = String(decoding: clause.text, as: UTF8.self).oneLine(toBytes: 400)
            room -= statement.utf8.count + 1
            if room >= 0 { statements.append(statement) }
            return room >= 0
        }
        return statements.reversed()
    }

    /// Takes what the user told, newest first, until `take` returns false.
    private func read(_ take: (Clause, [Fact]) -> Bool) {
        for message in messages.reversed() {
            for clause in Clause.clauses(of: message).reversed() {
                let facts = clause.facts
                guard facts.isEmpty || take(clause, facts) else { return }
            }
        }
    }
}
