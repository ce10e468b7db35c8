import Chat
import FoundationEssentials
import JSON
import SystemPackage

extension SessionFile {
    /// Reads the newest turns, from the end backwards, as far as the limits reach.
    func readWindow(limits: ContextLimits) throws(SessionError) -> ContextWindow {
        /// What of a turn a model sees: the rest is left unread, which saves a fifth of the time.
        struct Said: Decodable {
            var id: String
            var messages: [Message]
        }
        let bound = limits.bound
        var summary: HistorySummary?
        var turns: [[Message]] = []
        var weight = 0
        try readBackwards(as: Said.self, onSummary: { if limits.summarizes, summary == nil { summary = $0 } }) { said, _ in
            guard said.id != summary?.covers else { return false }
            turns.append(said.messages)
            weight += limits.weight(ContextWindow.estimatedTokens(said.messages))
            return turns.count < bound.turns && weight < bound.tokens || ContextWindow.continuesTurnBefore(said.messages)
        }
        return ContextWindow(summary, newestFirst: turns, limits: limits)
    }

    /// Visits the turns, the newest first, until `visit` has seen enough.
    func readTurnsBackwards(_ visit: (_ turn: Turn, _ offset: Int) -> Bool) throws(SessionError) {
        try readBackwards(as: Turn.self, visit)
    }

    private func readBackwards<Value: Decodable>(
        as type: Value.Type, onSummary: (HistorySummary) -> Void = { _ in }, _ visit: (_ value: Value, _ offset: Int) -> Bool
    ) throws(SessionError) {
        let decoder = JSONDecoder()
        var isUnreadable = false
        try readLinesBackwards(from: end) { line, range in
            // The first line is the header, which was checked.
            guard range.lowerBound > 0 else { return false }
            if Self.isSummary(line), let summary = Self.summary(in: line, decoder) {
                onSummary(summary)
                return true
            }
            guard let value = Self.decode(type, from: line, decoder) else {
                isUnreadable = true
                return false
            }
            return visit(value, range.lowerBound)
        }
        guard !isUnreadable else { throw unreadableLine }
    }

    /// The id of the turn behind which there are so many; nil where there are not as many.
    func turnID(before count: Int) throws(SessionError) -> String? {
        struct Named: Decodable {
            var id: String
        }
        var found: String?
        var left = count
        try readBackwards(as: Named.self) { turn, _ in
            if left == 0 { found = turn.id }
            left -= 1
            return left >= 0
        }
        return found
    }

    /// The newest turn; nil where there is none.
    func lastTurn() throws(SessionError) -> Turn? {
        var last: Turn?
        try readTurnsBackwards { turn, _ in
            last = turn
            return false
        }
        return last
    }

    /// The turn whose line begins at an offset; nil where none does.
    func turn(at offset: Int) throws(SessionError) -> Turn? {
        // With the comma and the line feed behind it.
        let longest = Self.longestLine + 2
        var length = 4096
        while offset < end {
            let bytes = try read(offset..<offset + min(end - offset, length))
            if let feed = bytes.firstIndex(of: UInt8(ascii: "\n")) { return Self.turn(in: bytes[..<feed], JSONDecoder()) }
            if end - offset <= length { return Self.turn(in: bytes[...], JSONDecoder()) }
            guard length < longest else { return nil }
            length = min(4 * length, longest)
        }
        return nil
    }

    /// The turn that a line holds; nil if it is none. The comma behind it is the file's.
    static func turn(in line: ArraySlice<UInt8>, _ decoder: JSONDecoder) -> Turn? { decode(Turn.self, from: line, decoder) }

    /// The summary that a line holds; nil if it is none.
    static func summary(in line: ArraySlice<UInt8>, _ decoder: JSONDecoder) -> HistorySummary? {
        decode(HistorySummary.self, from: line, decoder)
    }

    /// Whether a line is a summary's, if it is whole: known by its beginning, so that nobody has to read it.
    static func isSummary(_ line: ArraySlice<UInt8>) -> Bool { line.starts(with: HistorySummary.lineStart) }

    /// Whether a line holds a turn or a summary, whole.
    static func isWhole(_ line: ArraySlice<UInt8>, _ decoder: JSONDecoder) -> Bool {
        isSummary(line) ? summary(in: line, decoder) != nil : turn(in: line, decoder) != nil
    }

    /// A decoder takes control characters inside strings, which no line has: blocks that never reached the disk are zeros.
    private static func decode<Value: Decodable>(_ type: Value.Type, from line: ArraySlice<UInt8>, _ decoder: JSONDecoder) -> Value? {
        guard line.allSatisfy({ $0 >= 0x20 }) else { return nil }
        return try? decoder.read(type, from: line.last == UInt8(ascii: ",") ? line.dropLast() : line)
    }

    /// Whether the file ends in a whole turn or summary, or in the header, and its closing.
    func endsWhole(_ size: Int) throws(SessionError) -> Bool {
        let end = size - Self.closing.count
        guard end > 0, try read(end..<size) == Self.closing else { return false }
        var isWhole = false
        var start = 0
        try readLinesBackwards(from: end) { line, range in
            start = range.lowerBound
            isWhole = start == 0 ? line.last == UInt8(ascii: "[") : Self.isWhole(line, JSONDecoder())
            return false
        }
        guard isWhole else { return false }
        return try followsSeparator(start)
    }

    /// Whether a line stands where a turn may: behind the header or another turn's comma. One that a torn write left may not.
    func followsSeparator(_ start: Int) throws(SessionError) -> Bool {
        guard start > 0 else { return true }
        let before = try read(max(0, start - 2)..<start)
        return before == Array(",\n".utf8) || before == Array("[\n".utf8)
    }
}
