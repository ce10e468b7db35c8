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

    let greeting, greetingAgain: String
    let nothingAsked, askedLast, askedFirst, askedFromStart, askedFromEnd, askedOnly, count, message, messages: String
    let nothingToSummarize, summary, omitted, noted, recalled, untold, profile, noProfile, notes, noNotes, separator: String
    let time, date, year: String
    /// From yesterday to tomorrow; from Sunday; from January.
    let days, weekdays, months: [String]
    let dividedByZero, tooLarge, undefined, textOnly, toolless, blank, wordless, read, help, unable, before: String
}

extension String {
    /// The template with the values in place of `$1`, `$2`, …. Values are not searched for more.
    func filled(with values: [String]) -> String {
        var parts = utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)[...]
        var result = parts.popFirst().map { String(Substring($0)) } ?? ""
        for part in parts {
            let index = Int(part.first ?? 0) - Int(UInt8(ascii: "1"))
            result += (values.indices.contains(index) ? values[index] : "") + String(Substring(part.dropFirst()))
        }
        return result
    }

    func filled(with values: String...) -> String { filled(with: values) }
}
