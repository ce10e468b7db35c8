import Models

extension English {
    /// Verbs whose objects are remembered: "I like tea".
    static let verbs: Set = [
        "like", "love", "enjoy", "prefer", "hate", "dislike", "speak", "study", "own", "drive", "play", "collect", "teach", "have",
    ]

    static let statements: RuleTable<[Fact]> = [
        Rule("(and|but|so|because|then|also) *") { match in
            facts(in: match.clause, range: match.captures[0])
        },
        Rule(
            "(remember|note|do not forget|keep in mind)(| this| that| down) *",
            "(memorize|you should remember|you must remember|make a note|take a note)(| this| that| down) *"
        ) { match in
            guard !match.clause.isAsked else { return nil }
            let note = match.remainder
            let told = facts(in: match.clause, range: match.captures[0])?.first
            return [Fact(key: Fact.note, value: note, sentence: told?.sentence ?? "“\(note)”", language: .english)]
                + (told.map { [$0] } ?? [])
        },
        Rule(
            "i am (called|named) *",
            "(people|my friends|they|everyone|everybody|you can|you may|you could|please|just|) call me *",
            "my (name is|names|full name is|first name is|nickname is|name was) *"
        ) { match in
            let name = properName(match.text())
            return known("name", name, "your name is \(name)")
        },
        Rule("i am * (years old|yrs old|year old|yo|years|years of age)", "i (just|) turned *", "i am *", "my age is *") { match in
            let words = match.keys()
            guard let age = Numeral.value(of: words.first == "now" ? Array(words.dropFirst()) : words),
                (0...150).contains(age)
            else { return nil }
            return known("age", age.plain, "you are \(age.plain) years old")
        },
        Rule(
            "i (live|am living|reside|am based|currently live|now live|am located|stay) (in|at|near|on) *",
            "i (just|) (moved|have moved|relocated) to *",
            "my home is (in|) *"
        ) { match in
            known("home", match.text(), "you live in \(match.text())")
        },
        Rule("i (am|come|am originally|originally come|was) from *") { match in
            known("origin", match.text(), "you are from \(match.text())")
        },
        Rule("i was born *") { match in known("i was born", match.text(), "you were born \(match.text())") },
        Rule("i (work|am working) (as|at|for|in|with|on) *") { match in
            // The preposition belongs to what is said: "as a nurse", "at the harbour".
            let start = match.captures[0].lowerBound - 1
            let words = match.clause.text(of: start..<match.captures[0].upperBound)
            return known("job", match.text(), "you work \(words)")
        },
        Rule("i am (a|an|the) *") { match in
            let start = match.captures[0].lowerBound - 1
            let words = match.clause.text(of: start..<match.captures[0].upperBound)
            return known("being", words, "you are \(words)")
        },
        Rule("i am *") { match in
            let name = match.text()
            guard name.first?.isUppercase == true, match.captures[0].count <= 3, properName(name) == name else { return nil }
            return known("self", name, "you are \(name)")
        },
        Rule("(my|our) * (is|are|was) (called|named) *", "i have (a|an) * (called|named) *", "the name of (my|our) * (is|are) *") { match in
            known(FactKey.key(for: match.keys() + ["name"]), match.text(1), "your \(match.text()) is called \(match.text(1))")
        },
        Rule("my job is *", "my (profession|occupation|work) is *") { match in known("job", match.text(), "your job is \(match.text())") },
        Rule("my * (is|are) *", "our * (is|are) *") { match in attribute(match, "your") },
        Rule("the * (is|are) *") { match in attribute(match, "the") },
        Rule("i (really|also|still|very much|mostly|usually|absolutely|) (do not like|do not love|do not enjoy|cannot stand) *") { match in
            known(Fact.verbPrefix + "dislike", match.text(), "you do not like \(match.text())")
        },
        Rule("i (really|also|still|only|mostly|usually|absolutely|) *") { match in
            guard let range = match.captures.first, range.count > 1, let verb = match.keys().first, verbs.contains(verb) else { return nil }
            let object = match.clause.text(of: range.lowerBound + 1..<range.upperBound)
            let first = match.keys()[1]
            guard !vague.contains(first),
                verb != "have" || !passing.contains(match.keys().last ?? "") && quantities.contains(first)
            else { return nil }
            return known(Fact.verbKey(verb), object, "you \(verb) \(object)")
        },
    ]

    private static func attribute(_ match: Match, _ determiner: String) -> [Fact]? {
        let subject = match.text()
        guard match.captures[0].count <= 5 else { return nil }
        let verb = match.clause.tokens[match.captures[1].lowerBound - 1].key == "are" ? "are" : "is"
        return known(FactKey.key(for: match.keys()), match.text(1), "\(determiner) \(subject) \(verb) \(match.text(1))")
    }

    private static func known(_ key: String, _ value: String, _ sentence: String) -> [Fact]? {
        let first = value.split(separator: " ").first.map { $0.lowercased() } ?? ""
        guard !key.isEmpty, !value.isEmpty, !unknowns.contains(first) else { return nil }
        return [Fact(key: key, value: value, sentence: sentence, language: .english)]
    }

    private static func facts(in clause: Clause, range: Range<Int>) -> [Fact]? {
        statements.meaning(of: clause, range: range)
    }

    /// The name without what else is said after it: "Alice nice to meet you".
    private static func properName(_ text: String) -> String {
        guard text.first?.isUppercase == true else { return text }
        let words = text.split(separator: " ")
        let end = words.firstIndex { $0.first?.isLowercase == true && !particles.contains(String($0)) } ?? words.count
        return words[..<end].joined(separator: " ")
    }

    private static let particles: Set = ["van", "de", "der", "den", "von", "la", "le", "di", "da", "del", "bin", "al", "el", "of", "the"]
    /// An answer in form, a question in truth: "my name is what".
    private static let unknowns: Set = ["what", "what?", "who", "where", "unknown", "which", "how", "not", "none", "secret", "when", "why"]
    private static let vague: Set = ["you", "it", "this", "that", "your", "to", "them", "no", "not", "how", "what", "him", "her", "been"]
    private static let passing: Set = [
        "question",
        "questions",
        "problem",
        "problems",
        "issue",
        "idea",
        "doubt",
        "request",
        "task",
        "look",
        "bug",
    ]
    private static let quantities: Set = [
        "a", "an", "one", "two", "three", "four", "five", "six", "many", "several", "some", "1", "2", "3", "4", "5", "6", "my", "blue",
        "brown", "green", "long", "short", "kids", "children", "twins",
    ]
}
