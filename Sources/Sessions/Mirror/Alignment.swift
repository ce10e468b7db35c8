import Chat
import JSON
import Text

/// Where a conversation that a client shows departs from a session's file.
struct Alignment {
    /// Where the file's lines end that stay.
    var end: Int
    /// The newest turns that the client shows and the file has, and what it shows behind them.
    var window: ContextWindow
    /// The end of the conversation, which the file does not have.
    var given: [Message]

    /// For a session without turns.
    init(_ shown: [Message], end: Int = 0, limits: ContextLimits) {
        (self.end, given) = (end, shown)
        window = ContextWindow(newestFirst: shown.isEmpty ? [] : [ContextWindow.Line(shown, isGiven: true)], limits: limits)
    }

    /// Finds the conversation in a file. A front end may have left its beginning out, but then it shows all of what follows.
    ///
    /// The newest place counts. Calls of tools and their results are first taken into account, and then, as front ends may not show them, passed
    /// over. If the whole is nowhere, its longest beginning that is that of the file counts.
    init(_ shown: [Message], in file: borrowing SessionFile, limits: ContextLimits) throws {
        var found: (turns: Range<Int>, given: [Message])?
        for withTools in [true, false] where found == nil {
            let sayings = shown.compactMap(Saying.init).filter { withTools || !$0.isOfTool }
            if !sayings.isEmpty { found = try Self.run(of: sayings, withTools, in: file).map { ($0, []) } }
        }
        if found == nil {
            let beginnings = try [true, false].map { try Self.beginning(of: shown, withTools: $0, in: file) }
            found = beginnings[0].turns.upperBound < beginnings[1].turns.upperBound ? beginnings[1] : beginnings[0]
        }
        self.init(found?.given ?? shown, end: try file.headerLength(), limits: limits.withoutSummaries)
        guard let turns = found?.turns, !turns.isEmpty else { return }
        let separator = try file.read(turns.upperBound - 1..<turns.upperBound)
        end = separator == [UInt8(ascii: ",")] ? turns.upperBound - 1 : turns.upperBound
        window = try file.readWindow(turns, limits: limits.withoutSummaries)
        if !given.isEmpty { window.append(given, isGiven: true, limits: limits.withoutSummaries) }
    }

    /// The lines that together say this; nil if there are none. Reads from the end until they are found, each line once (Knuth, Morris and
    /// Pratt, 1977).
    private static func run(of sayings: [Saying], _ withTools: Bool, in file: borrowing SessionFile) throws -> Range<Int>? {
        let wanted = Array(sayings.reversed())
        // How many sayings of a match are the beginning of another one, for when it goes no further.
        var shorter = [0]
        for saying in wanted.dropFirst() {
            var count = shorter[shorter.count - 1]
            while count > 0, wanted[count] != saying { count = shorter[count - 1] }
            shorter.append(wanted[count] == saying ? count + 1 : 0)
        }
        /// Where the lines of turns end, by how many sayings are newer. A turn may say nothing; then the newest of these counts.
        var ends: [Int: Int] = [:]
        var (seen, matched) = (0, 0)
        var found: Range<Int>?
        try file.readTurnsBackwards { turn, range in
            // Without its calls a turn that ends in them is not what the client shows.
            if ends[seen] == nil, withTools || !turn.endsInCalls { ends[seen] = range.upperBound }
            for saying in turn.messages.compactMap(Saying.init).reversed() where withTools || !saying.isOfTool {
                while matched > 0, matched == wanted.count || wanted[matched] != saying { matched = shorter[matched - 1] }
                if wanted[matched] == saying { matched += 1 }
                seen += 1
                if matched == wanted.count, let end = ends[seen - matched] {
                    found = range.lowerBound..<end
                    return false
                }
            }
            return true
        }
        return found
    }

    /// The first lines of the file with which the conversation begins, and what follows in it.
    private static func beginning(
        of shown: [Message], withTools: Bool, in file: borrowing SessionFile
    ) throws -> (turns: Range<Int>, given: [Message]) {
        struct Departure: Error {}
        let sayings = shown.enumerated().compactMap { index, message in Saying(message).map { (index: index, saying: $0) } }
            .filter { withTools || !$0.saying.isOfTool }
        let start = min(file.end, try file.headerLength() + 1)
        var (position, matched) = (start, 0)
        var kept = (end: start, matched: 0)
        let decoder = ValueDecoder()
        do {
            try file.readLines { line, isSeparated in
                defer { position += line.count + (isSeparated ? 2 : 1) }
                var isEnd = true
                if !SessionFile.isSummary(line) {
                    guard let turn = SessionFile.turn(in: line, decoder) else { throw file.unreadableLine }
                    let said = turn.messages.compactMap(Saying.init).filter { withTools || !$0.isOfTool }
                    guard sayings[matched...].map(\.saying).starts(with: said) else { throw Departure() }
                    matched += said.count
                    isEnd = withTools || !turn.endsInCalls
                }
                if isEnd { kept = (position + line.count, matched) }
            }
        } catch is Departure {}
        guard kept.matched > 0 else { return (start..<start, shown) }
        return (start..<kept.end, Array(shown[(sayings[kept.matched - 1].index + 1)...]))
    }
}

extension Turn {
    fileprivate var endsInCalls: Bool { !(messages.last?.toolCalls.isEmpty ?? true) }
}

extension ContextLimits {
    fileprivate var withoutSummaries: ContextLimits { ContextLimits(maxTurns: maxTurns, maxTokens: maxTokens) }
}
