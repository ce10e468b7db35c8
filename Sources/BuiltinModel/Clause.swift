import Chat
import Models

/// A part of a message that says one thing: "Hi, my name is Alice. Who are you?" has three.
struct Clause: Sendable {
    /// The text of the message's part that is read.
    let text: Substring
    /// A few: what comes after them belongs to the last capture of a pattern.
    let tokens: [Token]
    /// The clause's place in the text, up to where the next one begins.
    let range: Range<String.Index>
    /// Whether a question mark ends it.
    let isAsked: Bool

    /// The longest part of a message that is searched for meaning, which bounds the cost of any message.
    static let readableBytes = 4096
    private static let readableTokens = 80

    /// The clauses of the message's beginning.
    static func clauses(of message: String) -> [Clause] {
        let start = message.unicodeScalars.firstIndex { !$0.isBlank } ?? message.endIndex
        let end = message.utf8.index(start, offsetBy: readableBytes, limitedBy: message.endIndex) ?? message.endIndex
        let text = message[start..<end]
        let tokens = Token.tokens(of: text)
        var clauses: [Clause] = []
        var first = 0
        var lower = text.startIndex
        for index in tokens.indices {
            let end = tokens[index].range.upperBound
            let gap = text[end..<max(end, index + 1 < tokens.count ? tokens[index + 1].range.lowerBound : text.endIndex)]
            guard let upper = boundary(in: gap, after: tokens[index], before: tokens[(index + 1)...].prefix(2)) else { continue }
            clauses.append(
                Clause(
                    text: text, tokens: Array(tokens[first...index].prefix(readableTokens)), range: lower..<upper,
                    isAsked: gap.unicodeScalars.contains { $0 == "?" || $0 == "？" }))
            first = index + 1
            lower = upper
        }
        return clauses
    }

    /// Where in the gap between two words a clause ends, if it does.
    private static func boundary(in gap: Substring, after word: Token, before next: ArraySlice<Token>) -> String.Index? {
        let scalars = gap.unicodeScalars
        var pause: String.Index?
        for index in scalars.indices {
            let scalar = scalars[index]
            let after = scalars.index(after: index)
            let isStop = (scalar == "." || scalar == ";") && scalars[after...].first?.isBlank == true && !abbreviations.contains(word.key)
            if isStop || ends.contains(scalar) { return after }
            if pauses.contains(scalar) { pause = after }
        }
        guard let following = next.first else { return gap.endIndex }
        if let pause, subjects.contains(following.key) || connectors.contains(following.key) { return pause }
        if let pause, word.isHan, following.isHan, scalars.contains(",") { return pause }
        guard connectors.contains(following.key), let subject = next.dropFirst().first, subjects.contains(subject.key) else { return nil }
        return gap.endIndex
    }

    private static let ends: Set<Unicode.Scalar> = ["?", "!", "\n", "？", "！", "。", "，", "；", "…"]
    private static let pauses: Set<Unicode.Scalar> = [",", ":", "：", "-", "–", "—", ")"]
    private static let abbreviations: Set = ["dr", "mr", "mrs", "ms", "st", "prof", "jr", "sr", "vs", "no"]
    private static let connectors: Set = ["and", "but", "so", "because", "then"]
    private static let subjects: Set = [
        "i", "my", "our", "call", "you", "your", "please", "remember", "what", "who", "where", "when", "how", "why", "which", "do", "can",
        "could", "tell", "it", "summarize", "calculate", "thanks", "thank", "is", "are", "we",
        "我", "你", "请", "记", "那", "现", "今", "什", "总", "谢",
    ]
}

extension Clause {
    /// The text between the tokens before and after the given ones, without surrounding punctuation.
    func text(of captured: Range<Int>) -> String {
        let lower = captured.lowerBound == 0 ? range.lowerBound : tokens[captured.lowerBound - 1].range.upperBound
        let upper = captured.upperBound == tokens.count ? range.upperBound : tokens[captured.upperBound].range.lowerBound
        guard lower < upper else { return "" }
        return text[lower..<upper].trimmed { $0.isBlank || Self.trimmings.contains($0) }.oneLine(toBytes: 200)
    }

    private static let trimmings: Set<Unicode.Scalar> = [
        ".", ",", ";", ":", "!", "?", "\"", "'", "“", "”", "‘", "’", "「", "」", "。", "，", "；", "：", "！", "？", "、", "…", "=", "*", "`",
    ]
}
