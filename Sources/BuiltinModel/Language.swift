/// A language that the built-in model knows.
enum Language: Sendable, Equatable {
    case english, chinese
    var phrasebook: Phrasebook { self == .english ? English.phrasebook : Chinese.phrasebook }
}

/// The phrases of a language, and what the model says in it. In texts, `$1`, `$2` and so on stand for what is filled in.
struct Phrasebook: Sendable {
    /// What clauses mean, in the order in which the phrases are tried.
    let meanings: [(Meaning, StaticString)]
    /// Phrases for what tells nothing ("my name is what"), and phrases whose hole leaves out words that only lead in, or out.
    let questions, openers, closers: StaticString

    let greeting, greetingAgain, identity, help, abilities, connecting: String
    let nothingAsked, askedLast, askedFirst, askedFromStart, askedFromEnd, askedOnly, count, message, messages: String
    let nothingToSummarize, summary, omitted, noted, recalled, untold, profile, noProfile, notes, noNotes, separator: String
    /// From yesterday to tomorrow; from Sunday; from January.
    let days, weekdays, months: [String]
    let time, date, noResult, textOnly, toolless, blank, wordless, read, hint, unable, before: String
}

extension String {
    /// The template with the values in place of `$1`, `$2`, …. Values are not searched for more.
    func filled(with values: [String]) -> String {
        var (result, isHole) = ("", false)
        for scalar in unicodeScalars {
            let index = Int(scalar.value) - 0x31
            if isHole, values.indices ~= index { result += values[index] } else if scalar != "$" { result.unicodeScalars.append(scalar) }
            isHole = scalar == "$"
        }
        return result
    }
}

extension [String] {
    /// The strings with the separator between them. A new process looks longer for that of the standard library.
    func joined(by separator: String) -> String { dropFirst().reduce(first ?? "") { $0 + separator + $1 } }
}
