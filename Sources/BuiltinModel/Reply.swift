import Chat
import FoundationEssentials
import Models

/// The answer to a prompt.
struct Reply {
    /// The message to answer, if there is one.
    private let message: Message?
    /// The user's messages before it, oldest first.
    private let earlier: ArraySlice<String>
    private let memory: FactMemory
    private let endsInToolResult: Bool
    private let now: @Sendable () -> Date
    private let language: Language
    private let texts: Phrasebook

    init(to prompt: Prompt, now: @escaping @Sendable () -> Date) {
        let said = prompt.said
        message = prompt.turn.last { $0.role == .user }
        earlier = message == nil ? said[...] : said.dropLast()
        endsInToolResult = prompt.turn.last?.role == .tool
        (memory, self.now) = (FactMemory(messages: said), now)
        // A picture alone is in the language of what was said before it.
        language = said.last { !$0.isEmpty }?.unicodeScalars.contains(where: \.isHan) == true ? .chinese : .english
        texts = language.phrasebook
    }

    /// Never empty, and at most 4,096 bytes.
    var text: String {
        if endsInToolResult { return texts.toolless }
        let (content, hasMedia) = (message?.content ?? "", message?.parts.hasMoreThanText == true)
        if !hasMedia, let calculation = Arithmetic(Array(content.utf8)) { return result(of: calculation) }
        let clauses = Clause.clauses(of: content)
        let answers = (hasMedia ? [texts.textOnly] : []) + answers(to: clauses.prefix(24).compactMap(\.meaning))
        if !answers.isEmpty { return answers.joined(separator: "\n") }
        let line = content.oneLine()
        if clauses.isEmpty { return line.isEmpty ? texts.blank : texts.wordless.filled(with: line) }
        let isAsked = clauses.contains(where: \.isAsked)
        let before = earlier.last.map { texts.before.filled(with: $0.oneLine()) }
        return (isAsked ? texts.unable : texts.read).filled(with: line) + (before ?? (isAsked ? "" : texts.help))
    }

    private func answers(to meanings: [Meaning]) -> [String] {
        var (facts, courtesies, asked) = ([] as [Fact], [] as [Meaning], [] as [Meaning])
        for meaning in meanings {
            switch meaning {
            case .facts(let told): facts += told
            case .courtesy, .greeting: courtesies.append(meaning)
            default: if !asked.contains(meaning) { asked.append(meaning) }
            }
        }
        if facts.isEmpty && asked.isEmpty { return courtesies.suffix(1).map(answer) }
        return (facts.isEmpty ? [] : [list(Array(facts.prefix(8)), texts.noted)]) + asked.prefix(4).map(answer)
    }

    private func answer(to meaning: Meaning) -> String {
        switch meaning {
        case .courtesy(let text), .say(let text): text
        case .greeting: earlier.isEmpty ? texts.greeting : texts.greetingAgain
        case .asked(let number): asked(number)
        case .count: texts.count.filled(with: messages)
        case .summary: summary
        case .recall(let key, let label): list(recalled(key), texts.recalled, else: texts.untold.filled(with: label))
        case .profile: list(memory.facts(), texts.profile, else: texts.noProfile)
        case .notes: list(memory.facts { $0.key == Fact.note }, texts.notes, else: texts.noNotes)
        case .time: texts.time.filled(with: UTCTime(now()).clock)
        case .date(let offset): date(UTCTime(now(), dayOffset: offset), texts.days[offset + 1])
        case .year: texts.year.filled(with: String(UTCTime(now()).year))
        case .calculation(let calculation): result(of: calculation)
        case .nth, .nthFromEnd, .tell, .note, .facts, .nothing: texts.blank
        }
    }

    private func result(of calculation: Arithmetic) -> String {
        switch calculation.outcome {
        case .value(let value): "\(calculation.expression) = \(value.plain)"
        case .dividedByZero: texts.dividedByZero.filled(with: calculation.expression)
        case .tooLarge: texts.tooLarge.filled(with: calculation.expression)
        case .undefined: texts.undefined.filled(with: calculation.expression)
        }
    }

    private func asked(_ number: Int) -> String {
        guard !earlier.isEmpty else { return texts.nothingAsked }
        guard number.magnitude <= earlier.count else { return texts.askedOnly.filled(with: messages) }
        let text = earlier[number < 0 ? earlier.endIndex + number : earlier.startIndex + number - 1].truncated(toBytes: 2000)
        let template =
            number == 1 ? texts.askedFirst : number == -1 ? texts.askedLast : number < 0 ? texts.askedFromEnd : texts.askedFromStart
        return template.filled(with: text, String(number.magnitude))
    }

    private var messages: String {
        earlier.count == 1 ? texts.message : texts.messages.filled(with: String(earlier.count))
    }

    private var summary: String {
        guard !earlier.isEmpty else { return texts.nothingToSummarize }
        let omitted = max(0, earlier.count - 20)
        let lines = zip(omitted + 1..<earlier.count + 1, earlier.suffix(20)).map { "\($0). \($1.oneLine(toBytes: 150))" }
        return ([texts.summary] + (omitted > 0 ? [texts.omitted.filled(with: String(omitted))] : []) + lines).joined(separator: "\n")
    }

    private func recalled(_ key: String) -> [Fact] {
        let keys = [key, key + " name"]
        return memory.facts(until: { !$0.isOneOfMany }) { fact in keys.contains { $0.utf8.elementsEqual(fact.key.utf8) } }
    }

    private func list(_ facts: [Fact], _ text: String, else nothing: String = "") -> String {
        var sentences: [[UInt8]] = []
        for fact in facts {
            let sentence = Array(fact.sentence(in: language).oneLine(toBytes: 160).utf8)
            if !sentences.contains(sentence) { sentences.append(sentence) }
        }
        guard let first = sentences.first?.first else { return nothing }
        if language == .english, text.utf8.first == UInt8(ascii: "$"), 0x61...0x7A ~= first { sentences[0][0] = first - 0x20 }
        return text.filled(with: String(decoding: Array(sentences.joined(separator: texts.separator.utf8)), as: UTF8.self))
    }

    private func date(_ time: UTCTime, _ day: String) -> String {
        texts.date.filled(with: day, texts.weekdays[time.weekday], String(time.day), texts.months[time.month - 1], String(time.year))
    }
}
