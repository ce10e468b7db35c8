import Chat

/// What of a session's past a model may see.
public struct WindowLimits: Sendable {
    /// The most turns.
    public var maxTurns: Int
    /// The most tokens, estimated; the newest turn is in even where it alone is over.
    public var maxTokens: Int

    /// Makes limits; the defaults are those of `history.maxTurns` and `history.maxTokens`.
    public init(maxTurns: Int = 500, maxTokens: Int = 16_000) {
        self.maxTurns = maxTurns
        self.maxTokens = maxTokens
    }
}

/// The newest whole turns of a session that fit the limits.
struct Window: Sendable, Equatable {
    /// The turns, oldest first.
    private(set) var turns: [PastTurn] = []
    private var tokens: [Int] = []
    private var total = 0
    /// What the messages take in memory, roughly.
    private(set) var byteCount = 0

    /// A window of turns that were read newest first.
    init(newestFirst turns: [[Message]], limits: WindowLimits) {
        for turn in turns.reversed() { append(turn, limits: limits) }
    }

    /// Adds the newest turn; the oldest ones make room.
    mutating func append(_ messages: [Message], limits: WindowLimits) {
        turns.append(PastTurn(messages))
        tokens.append(Self.estimatedTokens(messages))
        total += tokens[tokens.count - 1]
        byteCount += Self.byteCount(messages)
        var excess = 0
        while turns.count - excess > limits.maxTurns || total > limits.maxTokens,
            let next = turns.indices.dropFirst(excess + 1).first(where: { !Self.continuesTurnBefore(turns[$0].messages) })
        {
            total -= tokens[excess..<next].reduce(0, +)
            byteCount -= turns[excess..<next].reduce(0) { $0 + Self.byteCount($1.messages) }
            excess = next
        }
        turns.removeFirst(excess)
        tokens.removeFirst(excess)
    }

    /// Whether a turn begins with the result of a tool that the turn before it called: no window begins there.
    static func continuesTurnBefore(_ messages: [Message]) -> Bool { messages.first?.role == .tool }

    /// An estimate that needs no tokenizer: four ASCII characters, or one other character, make a token (CJK text is about one token a
    /// character), and a message takes four more. A picture or a recording counts as 800, whatever its bytes: a picture of 1,024 by 1,024
    /// takes about as many (OpenAI's guide to images counts 765).
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
    /// All the text in it that a model reads.
    fileprivate var texts: [String] {
        guard refusal != nil || !toolCalls.isEmpty else { return [content] }
        return [content, refusal ?? ""] + toolCalls.flatMap { [$0.name, $0.arguments] }
    }

    /// Its pictures and recordings, as they are held.
    fileprivate var media: [String] {
        parts.compactMap { part in
            switch part {
            case .text: nil
            case .image(let url, _): url
            case .audio(let data, _): data
            }
        }
    }
}
