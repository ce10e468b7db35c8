import Chat
import JSON
import SystemPackage
import Text

extension SessionFile {
    /// Reads the newest turns, from the end backwards, until the limits are reached.
    ///
    /// - Parameter lines: where to look; nil for the whole file.
    func readWindow(_ lines: Range<Int>? = nil, limits: ContextLimits) throws(SessionError) -> ContextWindow {
        /// The part of a turn that a model sees. Not decoding the rest saves a fifth of the time.
        struct Said: Decodable {
            var id: String
            var messages: [Message]
            var given: Bool?
        }
        let bound = limits.bound
        var summary: HistorySummary?
        var turns: [ContextWindow.Line] = []
        var weight = 0
        let start = lines?.lowerBound ?? 0
        try readBackwards(
            as: Said.self, from: lines?.upperBound, onSummary: { if limits.summarizes, summary == nil { summary = $0 } }
        ) { said, range in
            guard said.id != summary?.covers, range.lowerBound >= start else { return false }
            turns.append(ContextWindow.Line(said.messages, isGiven: said.given ?? false))
            weight += limits.weight(ContextWindow.estimatedTokens(said.messages))
            return turns.count < bound.turns && weight < bound.tokens || ContextWindow.continuesTurnBefore(said.messages)
        }
        return ContextWindow(summary, newestFirst: turns, limits: limits)
    }

    /// Visits the turns before a place, newest first, until `visit` returns false.
    ///
    /// - Parameter start: the beginning of a line; nil for the end of the file.
    func readTurnsBackwards(
        from start: Int? = nil, _ visit: (_ turn: Turn, _ range: Range<Int>) -> Bool
    ) throws(SessionError) {
        try readBackwards(as: Turn.self, from: start.map { $0 - 1 } ?? end, visit)
    }

    /// Where the line of a turn begins; nil if no turn has the id. Looks at the beginnings of lines only.
    func start(ofTurn id: String) throws(SessionError) -> Int? {
        let lineStart = Array("{\"id\":".utf8) + JSONValue.string(id).serialized + Array(",".utf8)
        var found: Int?
        try readLinesBackwards(from: end) { line, range in
            if range.lowerBound > 0, line.starts(with: lineStart), !Self.isSummary(line) { found = range.lowerBound }
            return found == nil
        }
        return found
    }

    private func readBackwards<Value: Decodable>(
        as type: Value.Type, from start: Int? = nil, onSummary: (HistorySummary) -> Void = { _ in },
        _ visit: (_ value: Value, _ range: Range<Int>) -> Bool
    ) throws(SessionError) {
        let decoder = ValueDecoder()
        var isUnreadable = false
        try readLinesBackwards(from: start ?? end) { line, range in
            // The first line is the header, which has been checked.
            guard range.lowerBound > 0 else { return false }
            if Self.isSummary(line), let summary = Self.summary(in: line, decoder) {
                onSummary(summary)
                return true
            }
            guard let value = Self.decode(type, from: line, decoder) else {
                isUnreadable = true
                return false
            }
            return visit(value, range)
        }
        guard !isUnreadable else { throw unreadableLine }
    }

    /// The id of the turn that `count` newer turns follow; nil if there are not that many.
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

    /// The newest turn; nil if there is none.
    func lastTurn() throws(SessionError) -> Turn? {
        var last: Turn?
        try readTurnsBackwards { turn, _ in
            last = turn
            return false
        }
        return last
    }

    /// The turn whose line begins at an offset; nil if none does.
    func turn(at offset: Int) throws(SessionError) -> Turn? {
        // With the comma and the line feed after it.
        let longest = Self.longestLine + 2
        var length = 4096
        while offset < end {
            let bytes = try read(offset..<offset + min(end - offset, length))
            if let feed = bytes.firstIndex(of: UInt8(ascii: "\n")) { return Self.turn(in: bytes[..<feed], ValueDecoder()) }
            if end - offset <= length { return Self.turn(in: bytes[...], ValueDecoder()) }
            guard length < longest else { return nil }
            length = min(4 * length, longest)
        }
        return nil
    }

    /// The turn in a line; nil if it is none. The line may end in the separating comma.
    static func turn(in line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> Turn? { decode(Turn.self, from: line, decoder) }

    /// The summary in a line; nil if it is none.
    static func summary(in line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> HistorySummary? {
        decode(HistorySummary.self, from: line, decoder)
    }

    /// The id of a line's turn; nil if it is none. Most lines begin with it, and need not be decoded.
    static func id(of line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> String? {
        let start = Array("{\"id\":\"".utf8)
        let id = line.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard line.starts(with: start), line[id.endIndex...].first == UInt8(ascii: "\"") else { return turn(in: line, decoder)?.id }
        return String(decoding: id, as: UTF8.self)
    }

    /// True if a line, provided that it is whole, is a summary. Its first bytes tell, so it need not be decoded.
    static func isSummary(_ line: ArraySlice<UInt8>) -> Bool { line.starts(with: HistorySummary.lineStart) }

    /// True if a line is a whole turn or summary.
    static func isWhole(_ line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> Bool {
        isSummary(line) ? summary(in: line, decoder) != nil : turn(in: line, decoder) != nil
    }

    /// Refuses control characters, which a decoder accepts in strings but no line has: blocks that never reached the disk are zeros.
    private static func decode<Value: Decodable>(_ type: Value.Type, from line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> Value? {
        guard line.allSatisfy({ $0 >= 0x20 }) else { return nil }
        return try? decoder.read(type, from: line.last == UInt8(ascii: ",") ? line.dropLast() : line)
    }

    /// True if the file ends in the closing, after a whole turn or summary or the header (FORMAT.md, "How a file is read").
    func endsWhole(_ size: Int) throws(SessionError) -> Bool {
        let end = size - Self.closing.count
        guard end > 0 else { return false }
        // Most last turns are that short.
        let tailStart = max(0, size - 1 << 16)
        let tail = try read(tailStart..<size)
        guard tail.count == size - tailStart, tail.suffix(Self.closing.count) == Self.closing[...] else { return false }
        // A line has no byte below 0x20, so a torn one is not read to its beginning.
        var before = tail.dropLast(Self.closing.count).lastIndex { $0 < 0x20 }.map { tailStart + $0 }
        if before == nil { before = try lastIndex(in: 0..<tailStart, Self.lastControl) }
        guard let feed = before else { return tail.dropLast(Self.closing.count).last == UInt8(ascii: "[") }
        guard try read(feed..<feed + 1) == [UInt8(ascii: "\n")], end - feed <= Self.longestLine + 1 else { return false }
        let line = feed >= tailStart ? tail[(feed + 1 - tailStart)...].dropLast(Self.closing.count) : try read(feed + 1..<end)[...]
        guard Self.isWhole(line, ValueDecoder()) else { return false }
        return try followsSeparator(feed + 1)
    }

    /// True if a line begins where a turn may: after the header or another turn's comma. A torn write may leave one elsewhere.
    func followsSeparator(_ start: Int) throws(SessionError) -> Bool {
        guard start > 0 else { return true }
        let before = try read(max(0, start - 2)..<start)
        return before == Array(",\n".utf8) || before == Array("[\n".utf8)
    }
}
