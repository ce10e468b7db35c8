import Chat
import FoundationEssentials
import Models
import Text

/// The answer to a prompt.
struct Reply {
    private let prompt: Prompt
    private let now: @Sendable () -> Date
    /// Where in the prompt's turn the message to answer stands. No message: optional ones take a new process a tenth of the first answer.
    private let newest: Int?
    private let language: Language
    private let texts: Phrasebook

    init(to prompt: Prompt, now: @escaping @Sendable () -> Date) {
        (self.prompt, self.now) = (prompt, now)
        newest = prompt.turn.lastIndex { $0.role == .user }
        var spoken = newest.map { prompt.turn[$0].content } ?? ""
        // A picture alone is in the language of what was said before it.
        if spoken.isEmpty { spoken = prompt.said.last { !$0.isEmpty } ?? "" }
        language = spoken.unicodeScalars.contains(where: \.isHan) ? .chinese : .english
        texts = language.phrasebook
    }

    // Not stored: there may be hundreds of messages, and most answers need none.

    /// The user's messages before the one to answer, oldest first.
    private var earlier: ArraySlice<String> { newest == nil ? prompt.said[...] : prompt.said.dropLast() }
    private var memory: FactMemory { FactMemory(messages: prompt.said) }

    /// Never empty, and at most 4,096 bytes.
    var text: String {
        if !prompt.turn.isEmpty, prompt.turn[prompt.turn.count - 1].role == .tool { return texts.toolless }
        let content = newest.map { prompt.turn[$0].content } ?? ""
        let hasMedia = newest.map { prompt.turn[$0].parts.hasMoreThanText } ?? false
        if !hasMedia, let calculation = Arithmetic(Array(content.utf8)) { return result(of: calculation) }
        let clauses = Clause.clauses(of: content)
        let answers = (hasMedia ? [texts.textOnly] : []) + answers(to: clauses.prefix(24).compactMap(\.meaning))
        if !answers.isEmpty { return answers.joined(by: "\n") }
        let line = content.oneLine()
        if clauses.isEmpty { return line.isEmpty ? texts.blank : texts.wordless.filled(with: [line]) }
        let isAsked = clauses.contains(where: \.isAsked)
        let before = earlier.last.map { texts.before.filled(with: [$0.oneLine()]) }
        return (isAsked ? texts.unable : texts.read).filled(with: [line]) + (before ?? (isAsked ? "" : texts.hint))
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
        case .courtesy(let text): text
        case .greeting: earlier.isEmpty ? texts.greeting + answer(to: .identity) : texts.greetingAgain
        case .identity: texts.identity.filled(with: [texts.abilities, texts.connecting])
        case .help: texts.help.filled(with: [texts.abilities, texts.connecting])
        case .asked(let number): asked(number)
        case .count: texts.count.filled(with: [messages])
        case .summary: summary
        case .recall(let key, let name): list(memory.facts(for: key), texts.recalled, else: texts.untold.filled(with: [name]))
        case .profile: list(memory.facts(), texts.profile, else: texts.noProfile)
        case .notes: list(memory.facts(for: "note"), texts.notes, else: texts.noNotes)
        case .time: texts.time.filled(with: [UTCTime(now()).clock])
        case .date(let offset): UTCTime(now(), dayOffset: offset).day(texts.days[offset + 1], in: texts)
        case .calculation(let calculation): result(of: calculation)
        case .nth, .tell, .note, .facts, .nothing: texts.blank
        }
    }

    private func result(of calculation: Arithmetic) -> String {
        guard calculation.result.isFinite else { return texts.noResult.filled(with: [calculation.expression]) }
        return "\(calculation.expression) = \(calculation.result.plain)"
    }

    private func asked(_ number: Int) -> String {
        let earlier = earlier
        guard !earlier.isEmpty else { return texts.nothingAsked }
        guard number.magnitude <= earlier.count else { return texts.askedOnly.filled(with: [messages]) }
        let text = earlier[number < 0 ? earlier.count + number : number - 1].truncated(toBytes: 2000)
        let template =
            number == 1 ? texts.askedFirst : number > 0 ? texts.askedFromStart : number < -1 ? texts.askedFromEnd : texts.askedLast
        return template.filled(with: [text, String(number.magnitude)])
    }

    private var messages: String {
        let count = earlier.count
        return count == 1 ? texts.message : texts.messages.filled(with: [String(count)])
    }

    private var summary: String {
        let earlier = earlier
        guard !earlier.isEmpty else { return texts.nothingToSummarize }
        let omitted = max(0, earlier.count - 20)
        let lines = (omitted..<earlier.count).map { "\($0 + 1). \(earlier[$0].oneLine(toBytes: 150))" }
        return ([texts.summary] + (omitted > 0 ? [texts.omitted.filled(with: [String(omitted)])] : []) + lines).joined(by: "\n")
    }

    private func list(_ facts: [Fact], _ text: String, else nothing: String = "") -> String {
        var sentences: [String] = []
        for sentence in facts.map({ $0.sentence(in: language).oneLine(toBytes: 160) })
        where !sentences.contains(where: { $0 == sentence }) { sentences.append(sentence) }
        guard let first = sentences.first?.utf8.first else { return nothing }
        if language == .english, text.utf8.first == UInt8(ascii: "$"), 0x61...0x7A ~= first {
            sentences[0] = String(Unicode.Scalar(first - 0x20)) + String(Substring(sentences[0].utf8.dropFirst()))
        }
        return text.filled(with: [sentences.joined(by: texts.separator)])
    }
}
