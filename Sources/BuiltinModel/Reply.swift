import FoundationEssentials
import Models

/// The answer to a conversation's newest message.
struct Reply {
    let conversation: Conversation
    let now: @Sendable () -> Date
    private let phrasebook: any Phrasebook
    private let language: Language

    init(to conversation: Conversation, now: @escaping @Sendable () -> Date) {
        self.conversation = conversation
        self.now = now
        // A picture alone is in the language of what was said before it.
        language = Language(of: conversation.message.isEmpty ? conversation.said.last { !$0.isEmpty } ?? "" : conversation.message)
        phrasebook = language.phrasebook
    }

    /// Never empty, and at most a few kilobytes.
    var text: String {
        if conversation.endsInToolResult { return phrasebook.toolless }
        guard conversation.hasMedia else { return answer }
        let answers = answers(to: readings(Clause.clauses(of: conversation.message)))
        return ([phrasebook.textOnly] + answers).joined(separator: "\n")
    }

    private var answer: String {
        let message = conversation.message
        if let calculation = Arithmetic(message[...]) { return phrasebook.calculation(calculation) }
        let clauses = Clause.clauses(of: message)
        guard !clauses.isEmpty else {
            let text = message.oneLine()
            return text.isEmpty ? phrasebook.blank : phrasebook.wordless(text)
        }
        let answers = answers(to: readings(clauses))
        return answers.isEmpty ? acknowledgement(clauses) : answers.joined(separator: "\n")
    }

    private func readings(_ clauses: [Clause]) -> [Reading] {
        clauses.prefix(Self.readableClauses).compactMap { $0.reading(in: language) }
    }

    private static let readableClauses = 24
    private static let answersAtMost = 4

    private func answers(to readings: [Reading]) -> [String] {
        var facts: [Fact] = []
        var calculations: [Arithmetic] = []
        var intents: [Intent] = []
        for reading in readings {
            switch reading {
            case .facts(let told): facts += told
            case .calculation(let calculation): calculations.append(calculation)
            case .intent(let intent): if !intents.contains(intent) { intents.append(intent) }
            }
        }
        let asked = intents.filter { !$0.isCourtesy }
        if facts.isEmpty, calculations.isEmpty, asked.isEmpty { return intents.last.map { [answer(to: $0)] } ?? [] }
        let noted = facts.isEmpty ? [] : [phrasebook.noted(sentences(Array(facts.prefix(8))))]
        return noted + calculations.prefix(Self.answersAtMost).map(phrasebook.calculation) + asked.prefix(Self.answersAtMost).map(answer)
    }

    private func answer(to intent: Intent) -> String {
        switch intent {
        case .greeting: conversation.earlier.last == nil ? phrasebook.greeting : phrasebook.greetingAgain
        case .thanks: phrasebook.thanks
        case .farewell: phrasebook.farewell
        case .yes: phrasebook.yes
        case .no: phrasebook.no
        case .wellbeing: phrasebook.wellbeing
        case .identity: phrasebook.identity
        case .help: phrasebook.help
        case .asked(let position): asked(position)
        case .answered: conversation.lastAnswer.map { phrasebook.answered($0.clipped(toBytes: 1000)) } ?? phrasebook.nothingAnswered
        case .count: phrasebook.count(conversation.earlier.count)
        case .summary: summary
        case .recall(let question): recall(question)
        case .profile: list(FactMemory(conversation: conversation).profile, phrasebook.profile, else: phrasebook.noProfile)
        case .notes: list(FactMemory(conversation: conversation).notes, phrasebook.notes, else: phrasebook.noNotes)
        case .time: phrasebook.time(Moment(now()))
        case .date(let offset): phrasebook.date(Moment(now(), dayOffset: offset), dayOffset: offset)
        case .year: phrasebook.year(Moment(now()))
        }
    }

    private func asked(_ position: Position) -> String {
        let earlier = conversation.earlier
        let text: String? =
            switch position {
            case .fromStart(let number): earlier.dropFirst(number - 1).first
            case .fromEnd(let number): earlier.dropLast(number - 1).last
            }
        if let text { return phrasebook.asked(text.clipped(toBytes: 2000), position) }
        return earlier.isEmpty ? phrasebook.nothingAsked : phrasebook.askedOnly(earlier.count)
    }

    private var summary: String {
        let earlier = conversation.earlier
        let count = earlier.count
        guard count > 0 else { return phrasebook.nothingToSummarize }
        let shown = earlier.suffix(20)
        let lines = zip(count - shown.count + 1..<count + 1, shown).map { "\($0). \($1.oneLine(toBytes: 150))" }
        return phrasebook.summary(lines, omitted: count - shown.count)
    }

    private func recall(_ question: FactQuestion) -> String {
        let facts = FactMemory(conversation: conversation).facts(answering: question)
        return list(facts, phrasebook.recalled, else: phrasebook.untold(question.label))
    }

    private func list(_ facts: [Fact], _ tell: ([String]) -> String, else nothing: String) -> String {
        facts.isEmpty ? nothing : tell(sentences(facts))
    }

    private func sentences(_ facts: [Fact]) -> [String] {
        var sentences: [String] = []
        for sentence in facts.map({ phrasebook.sentence($0).oneLine(toBytes: 160) }) where !sentences.contains(sentence) {
            sentences.append(sentence)
        }
        return sentences
    }

    private func acknowledgement(_ clauses: [Clause]) -> String {
        let isRequest = clauses.contains { $0.isAsked || language.requests($0) }
        return phrasebook.acknowledgement(
            conversation.message.oneLine(), isRequest: isRequest, previous: conversation.earlier.last.map { $0.oneLine() })
    }
}

extension Language {
    /// Whether the clause asks for something without a question mark.
    fileprivate func requests(_ clause: Clause) -> Bool {
        switch self {
        case .english: clause.tokens.first.map { Self.requestOpeners.contains($0.key) } ?? false
        case .chinese: clause.tokens.contains { Self.questionCharacters.contains($0.key) }
        }
    }

    private static let requestOpeners: Set = [
        "what", "who", "where", "when", "why", "how", "which", "whose", "is", "are", "do", "does", "did", "can", "could", "would", "should",
        "will", "tell", "write", "translate", "explain", "give", "show", "make", "generate", "create", "draw", "find", "search", "sing",
        "play", "recommend", "suggest", "define", "describe", "compare", "list", "please", "forget", "solve", "summarize", "convert",
        "remind", "count", "repeat", "continue",
    ]
    private static let questionCharacters: Set = [
        "什", "谁", "哪", "怎", "吗", "呢", "啥", "几", "请", "帮", "写", "讲", "译", "推", "查", "给", "画", "唱", "忘", "醒",
    ]
}
