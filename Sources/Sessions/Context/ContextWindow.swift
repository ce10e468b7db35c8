import Chat
import JSON
import Text

/// How much of a session a model may see.
package struct ContextLimits: Sendable {
    package var maxTurns: Int
    /// In estimated tokens. The newest turn is visible even if it alone exceeds the limit.
    package var maxTokens: Int
    /// True to replace turns that no longer fit with a summary. Until the summary exists they stay, up to twice the limits.
    package var summarizes: Bool

    /// The defaults are those of `history.maxTurns`, `history.maxTokens` and `history.summarize`.
    package init(maxTurns: Int = 500, maxTokens: Int = 16_000, summarizes: Bool = false) {
        self.maxTurns = maxTurns
        self.maxTokens = maxTokens
        self.summarizes = summarizes
    }

    /// The most turns and tokens that a window holds.
    var bound: (turns: Int, tokens: Int) { summarizes ? (2 * maxTurns, 2 * maxTokens) : (maxTurns, maxTokens) }

    /// What a turn of `tokens` counts towards the bound. One long turn must not push out others that wait for their summary.
    func weight(_ tokens: Int) -> Int { summarizes ? min(tokens, maxTokens / 2) : tokens }
}

/// The newest whole turns of a session that fit the limits, and the summary of the turns before them.
struct ContextWindow: Sendable, Equatable {
    private let summary: PastTurn?
    /// Oldest first.
    private var turns: [PastTurn] = []
    private var tokens: [Int] = []
    /// The number of turns up to the end of what the client gave, which is one line of the file.
    private var givenCount = 0
    private var weight = 0
    /// The memory that the messages take, roughly.
    private(set) var byteCount = 0

    /// The messages in a line of the file.
    struct Line {
        var messages: [Message]
        /// True if they may be several turns, which the client gave.
        var isGiven = false

        init(_ messages: [Message], isGiven: Bool = false) { (self.messages, self.isGiven) = (messages, isGiven) }
    }

    init(_ summary: HistorySummary? = nil, newestFirst lines: [Line], limits: ContextLimits) {
        self.summary = summary?.pastTurn(tokens: max(64, limits.maxTokens / 4))
        byteCount = self.summary.map { Self.byteCount($0.messages) } ?? 0
        for line in lines.reversed() { append(line.messages, isGiven: line.isGiven, limits: limits) }
    }

    /// The turns that a model sees, oldest first.
    var visible: [PastTurn] { summary.map { [$0] + turns } ?? turns }

    /// Adds the newest turn, or all that the client gave, and drops the oldest turns that no longer fit.
    mutating func append(_ messages: [Message], isGiven: Bool = false, limits: ContextLimits) {
        guard isGiven else { return append(messages, limits) }
        for turn in PastTurn.turns(of: messages) { append(turn, limits) }
        givenCount = turns.count
    }

    private mutating func append(_ messages: [Message], _ limits: ContextLimits) {
        let messages = messages.contains(where: \.hasRemovals) ? messages.compactMap(\.shown) : messages
        turns.append(PastTurn(messages))
        tokens.append(Self.estimatedTokens(messages))
        weight += limits.weight(tokens[tokens.count - 1])
        byteCount += Self.byteCount(messages)
        let bound = limits.bound
        var overflow = 0
        while turns.count - overflow > bound.turns || weight > bound.tokens, let next = beginning(after: overflow) {
            weight -= tokens[overflow..<next].reduce(0) { $0 + limits.weight($1) }
            byteCount -= turns[overflow..<next].reduce(0) { $0 + Self.byteCount($1.messages) }
            overflow = next
        }
        givenCount = max(0, givenCount - overflow)
        turns.removeFirst(overflow)
        tokens.removeFirst(overflow)
    }

    /// The oldest turns, which a summary has to replace, and the number of turns that remain. About half of what fits remains, so that not
    /// every turn needs a new summary. Nil if everything fits.
    func overflow(limits: ContextLimits) -> (oldest: [PastTurn], left: Int)? {
        guard limits.summarizes else { return nil }
        var left = tokens.reduce(0, +)
        let summaryTokens = summary.map { Self.estimatedTokens($0.messages) } ?? 0
        guard turns.count > limits.maxTurns || left + summaryTokens > limits.maxTokens else { return nil }
        var count = 0
        var covered = 0
        // A summary covers whole lines, but not the last one.
        guard givenCount < turns.count else { return nil }
        if givenCount > 0 {
            count = givenCount
            covered = tokens[..<count].reduce(0, +)
            left -= covered
        }
        while turns.count - count > max(1, limits.maxTurns / 2) || left > limits.maxTokens / 2, let next = beginning(after: count) {
            let size = tokens[count..<next].reduce(0, +)
            // A model has to read them all at once.
            if count > 0, covered + size > limits.maxTokens { break }
            covered += size
            left -= size
            count = next
        }
        return count > 0 ? (Array(visible.dropLast(turns.count - count)), turns.count - count) : nil
    }

    /// The index of the next turn at which a window may begin.
    private func beginning(after index: Int) -> Int? {
        turns.indices.dropFirst(index + 1).first { !Self.continuesTurnBefore(turns[$0].messages) }
    }

    /// True if a turn begins with the result of a tool that the turn before it called. No window begins there.
    static func continuesTurnBefore(_ messages: [Message]) -> Bool { messages.first?.role == .tool }

    /// Estimates tokens without a tokenizer: four ASCII characters or one other character make a token (CJK text has about one token a
    /// character), and each message adds four. A picture, recording or document counts as 800, whatever its size: OpenAI's guide to images counts
    /// 765 for a picture of 1,024 by 1,024.
    static func estimatedTokens(_ messages: [Message]) -> Int {
        messages.reduce(0) { sum, message in
            var ascii = 0
            var other = 0
            for text in message.texts {
                for byte in text.utf8 {
                    if byte < 0x80 { ascii += 1 } else if byte >= 0xc0 { other += 1 }
                }
            }
            return sum + 4 + (ascii + 3) / 4 + other + tokensOfMedium * message.media.count
        }
    }

    static let tokensOfMedium = 800

    private static func byteCount(_ messages: [Message]) -> Int {
        messages.reduce(64) { sum, message in
            // The texts among parts are held twice.
            let text = (message.texts + message.media).reduce(sum + 160) { $0 + 16 + $1.utf8.count }
            return message.parts.isEmpty ? text : text + 48 * message.parts.count + message.content.utf8.count
        }
    }
}

extension Message {
    /// All the text that a model reads.
    fileprivate var texts: [String] {
        guard refusal != nil || !toolCalls.isEmpty || !extras.isEmpty else { return [content] }
        let extras = ([extras] + toolCalls.map(\.extras)).filter { !$0.isEmpty }.map {
            String(decoding: JSONValue.object($0.members).serialized, as: UTF8.self)
        }
        return [content, refusal ?? ""] + toolCalls.flatMap { [$0.name, $0.arguments] } + extras
    }

    /// The pictures, recordings and documents: URLs and base64.
    fileprivate var media: [String] {
        parts.compactMap { part in
            switch part {
            case .text: nil
            case .image(let url, _): url
            case .audio(let data, _), .file(let data, _): data
            }
        }
    }
}
