import Chat
import Files
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

    /// Finds the conversation in a file. A front end may have left its beginning out, but then it shows all of what follows, except calls of
    /// tools and their results. The newest place counts. If the whole is nowhere, its longest beginning that is the file's counts.
    init(_ shown: [Message], in file: borrowing SessionFile, limits: ContextLimits) throws {
        let conversation = Conversation(shown)
        let run = try Self.run(of: conversation, in: file)
        let (turns, next) = try run.map { ($0, shown.count) } ?? Self.beginning(of: conversation, in: file)
        self.init(Array(shown[next...]), end: try file.headerLength(), limits: limits.withoutSummaries)
        guard !turns.isEmpty else { return }
        // A line ends before the comma that follows it.
        let separator = try file.read(turns.upperBound - 1..<turns.upperBound)
        end = separator == [UInt8(ascii: ",")] ? turns.upperBound - 1 : turns.upperBound
        // The first line may have turns that the client does not show.
        var questions = shown[..<next].count { $0.role == .user } + (shown.first?.role == .user ? 0 : 1)
        var lines: [ContextWindow.Line] = []
        for turn in try file.readWindow(turns, limits: limits.withoutSummaries).visible.reversed() where questions > 0 {
            lines.append(ContextWindow.Line(turn.messages))
            questions -= turn.messages.count { $0.role == .user }
        }
        window = ContextWindow(
            newestFirst: (given.isEmpty ? [] : [ContextWindow.Line(given, isGiven: true)]) + lines, limits: limits.withoutSummaries)
    }

    /// How many places are looked at at once. Only a conversation that repeats itself has more than a few.
    private static let mostPlaces = 64

    /// The lines that together say all of the conversation; nil if there are none. Reads from the end until they are found, each line once.
    private static func run(of shown: Conversation, in file: borrowing SessionFile) throws -> Range<Int>? {
        guard !shown.sayings.isEmpty else { return nil }
        /// Where lines end with which the conversation may end, the newest first, and how many sayings are left for older lines.
        var places: [(end: Int, left: Int)] = []
        var found: Range<Int>?
        try file.readTurnsBackwards { turn, range in
            let turn = SaidTurn(turn)
            if places.count < mostPlaces { places.append((range.upperBound, shown.sayings.count)) }
            places = places.compactMap { place in
                let isLast = place.end == range.upperBound
                return shown.left(of: place.left, before: turn, isLast: isLast).map { (place.end, $0) }
            }
            found = places.first { $0.left == 0 }.map { range.lowerBound..<$0.end }
            return found == nil
        }
        return found
    }

    /// The first lines of the file with which the conversation begins, and the index of the message that follows them.
    private static func beginning(of shown: Conversation, in file: borrowing SessionFile) throws -> (turns: Range<Int>, next: Int) {
        struct Departure: Error {}
        let start = min(file.end, try file.headerLength() + 1)
        var (position, matched) = (start, 0)
        var kept = (end: start, matched: 0)
        let decoder = ValueDecoder()
        do {
            try file.readLines { line, isSeparated in
                defer { position += line.count + (isSeparated ? 2 : 1) }
                guard !SessionFile.isSummary(line) else { return }
                guard let turn = SessionFile.turn(in: line, decoder) else { throw file.unreadableLine }
                let said = SaidTurn(turn)
                guard let count = shown.count(of: said, from: matched) else { throw Departure() }
                matched += count
                if !said.endsInCalls || count == said.sayings.count { kept = (position + line.count, matched) }
            }
        } catch is Departure {}
        guard kept.matched > 0 else { return (start..<start, 0) }
        return (start..<kept.end, shown.indices[kept.matched - 1] + 1)
    }
}

/// What a line of a session says.
private struct SaidTurn {
    let sayings: [Saying]
    /// Without calls of tools and results.
    let spoken: [Saying]
    let endsInCalls: Bool

    init(_ turn: Turn) {
        sayings = turn.messages.flatMap(Saying.sayings)
        spoken = sayings.filter { !$0.isOfTool }
        endsInCalls = !(turn.messages.last?.toolCalls.isEmpty ?? true)
    }
}

/// A conversation that a client shows.
private struct Conversation {
    let sayings: [Saying]
    /// The message of each saying.
    let indices: [Int]

    init(_ messages: [Message]) {
        let all = messages.enumerated().flatMap { index, message in Saying.sayings(of: message).map { (index, $0) } }
        (indices, sayings) = (all.map(\.0), all.map(\.1))
    }

    /// How many sayings from an index on are a turn's: all, or those that are spoken. Nil if it says something else.
    func count(of turn: SaidTurn, from start: Int) -> Int? {
        [turn.sayings, turn.spoken].first { sayings[start...].prefix($0.count).isEqual(to: $0) }?.count
    }

    /// How many sayings are left of the first `left` if a turn says the last of them. Nil if it says something else.
    ///
    /// - Parameter isLast: true if no turn follows. Then its calls have to be shown, as they wait for results.
    func left(of left: Int, before turn: SaidTurn, isLast: Bool) -> Int? {
        for said in [turn.sayings, turn.spoken] where !(isLast && turn.endsInCalls && said.count < turn.sayings.count) {
            // The client's conversation may begin within the turn.
            let count = min(left, said.count)
            if sayings[left - count..<left].isEqual(to: said.suffix(count)) { return left - count }
        }
        return nil
    }
}

extension ContextLimits {
    fileprivate var withoutSummaries: ContextLimits { ContextLimits(maxTurns: maxTurns, maxTokens: maxTokens) }
}
