import Chat
import Concurrency
import Files
import FoundationEssentials
import JSON
import Text

/// What is summed up over the lines of a session's file, up to a place in it.
struct SessionTotals: Sendable {
    private(set) var turnCount = 0
    private(set) var usage = Usage.zero
    private(set) var updatedAt: String?
    /// The file, and how much of it is counted.
    private var device: UInt64 = 0
    private var inode: UInt64 = 0
    private var end = 0
    private var lastLine: LastLine?

    /// Counts the lines that were appended since the last time, or all of another file.
    mutating func update(_ file: borrowing SessionFile) throws {
        if try !isBeginning(of: file) { self = SessionTotals() }
        guard end < file.end else { return }
        let decoder = ValueDecoder()
        try file.readLines(from: end) { line, _ in
            guard let (at, cost) = Self.cost(of: line, decoder) else { throw file.unreadableLine }
            if !SessionFile.isSummary(line) {
                turnCount += 1
                updatedAt = at
            }
            usage = usage + cost
        }
        (device, inode, end) = (file.opened.device, file.opened.inode, file.end)
        lastLine = try LastLine(of: file)
    }

    private func isBeginning(of file: borrowing SessionFile) throws -> Bool {
        guard (device, inode) == (file.opened.device, file.opened.inode), end <= file.end else { return false }
        return try lastLine?.isIn(file) ?? false
    }

    private static func cost(of line: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> (at: String, usage: Usage)? {
        struct Cost: Decodable {
            var at: String
            var usage: Usage
        }
        if let cost = writtenCost(line) { return cost }
        return (try? decoder.read(Cost.self, from: line)).map { ($0.at, $0.usage) }
    }

    /// The time and the usage where this program writes them; nil if they are not there. Decoding takes twenty times as long.
    private static func writtenCost(_ line: ArraySlice<UInt8>) -> (at: String, usage: Usage)? {
        guard line.last == UInt8(ascii: "}"), let at = LineStamp.writtenTime(line) else { return nil }
        guard let start = line.suffix(4096).lastRange(of: Array(#""usage":{"#.utf8))?.upperBound else { return nil }
        var rest = line[start...]
        var numbers: [Int] = []
        for name in ["\"prompt_tokens\":", ",\"completion_tokens\":", ",\"total_tokens\":"] {
            guard rest.starts(with: name.utf8) else { return nil }
            rest = rest.dropFirst(name.utf8.count)
            let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
            numbers.append(number)
            rest = rest.dropFirst(digits.count)
        }
        guard rest.first == UInt8(ascii: "}") else { return nil }
        return (String(decoding: at, as: UTF8.self), Usage(promptTokens: numbers[0], completionTokens: numbers[1], totalTokens: numbers[2]))
    }
}

/// Remembers the totals of long sessions, so that only what was appended is read again.
final class TotalsCache: Sendable {
    private let state = Mutex((entries: [SessionKey: (totals: SessionTotals, lastUse: Int)](), uses: 0))
    /// Each takes about half a kilobyte.
    private static let capacity = 4096
    /// In bytes. Shorter files are quickly read.
    private static let shortest = 1 << 16

    /// The totals of a session's file.
    func totals(of file: borrowing SessionFile) throws -> SessionTotals {
        let key = file.key
        var totals = state.withLock { $0.entries[key]?.totals } ?? SessionTotals()
        try totals.update(file)
        guard file.end >= Self.shortest else { return totals }
        state.withLock { [totals] state in
            state.uses += 1
            state.entries[key] = (totals, state.uses)
            guard state.entries.count > Self.capacity else { return }
            let bound = state.uses - Self.capacity / 2
            state.entries = state.entries.filter { $0.value.lastUse > bound }
        }
        return totals
    }
}
