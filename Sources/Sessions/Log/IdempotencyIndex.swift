import Chat
import DequeModule
import Files
import FoundationEssentials
import JSON

/// The offsets, in a session's file, of the turns that have an idempotency key: at least all of the last 24 hours, and all that less than `reach` bytes
/// follow, whatever their time. Clocks are wrong now and then; the order of lines is not.
///
/// It is built by reading these lines once, and then kept, so that not every turn with a key reads them.
struct IdempotencyIndex: Sendable {
    /// For how long a retry is recognised at least, in seconds.
    static let period = 86_400
    /// In bytes: several hundred turns.
    private static let reach = 1 << 18

    private struct Entry {
        /// In seconds since 1970; 0 if it cannot be read.
        var time: Int
        var hash: UInt64
        var offset: Int
    }

    private var offsets: [UInt64: Int] = [:]
    private var order: Deque<Entry> = []

    /// The memory that it takes, roughly: 24 bytes in the queue, and 16 in a dictionary that is two thirds full.
    var byteCount: Int { order.count * 48 }

    /// Reads the keys in the newest lines of a file.
    init(_ file: borrowing SessionFile, now: Date) throws(SessionError) {
        var earliest: Int?
        var found: [Entry] = []
        // The length of lines that are all too old.
        var oldByteCount = 0
        let decoder = ValueDecoder()
        try file.readLinesBackwards(from: file.end) { line, range in
            guard range.lowerBound > 0 else { return false }
            // What cannot be parsed says nothing about the lines before it.
            let stamp = LineStamp(line, decoder)
            let time = stamp?.time ?? 0
            // If the newest turn's clock or this one is ahead, the other one says what the last 24 hours are.
            if earliest == nil, time > 0 { earliest = min(Self.earliest(now), time - Self.period) }
            oldByteCount = time > 0 && time >= earliest ?? 0 ? 0 : oldByteCount + range.count
            if time > 0, let key = stamp?.key { found.append(Entry(time: time, hash: Self.hash(key), offset: range.lowerBound)) }
            return oldByteCount < Self.reach
        }
        for entry in found.reversed() { insert(entry) }
    }

    /// Adds a turn that was stored at `offset`, and drops those that are too old.
    mutating func insert(_ turn: Turn, offset: Int, now: Date) {
        let earliest = Self.earliest(now)
        while let oldest = order.first, oldest.time < earliest, oldest.offset < offset - Self.reach {
            order.removeFirst()
            if order.count * 2 < offsets.count { rebuild() }
        }
        guard let key = turn.request.idempotencyKey else { return }
        insert(Entry(time: LineStamp.seconds(turn.at.utf8) ?? 0, hash: Self.hash(Array(key.utf8)), offset: offset))
    }

    /// The offset of the newest turn with a key. Check the turn: another key may have the same hash.
    func offset(of key: String) -> Int? { offsets[Self.hash(Array(key.utf8))] }

    private mutating func insert(_ entry: Entry) {
        offsets[entry.hash] = entry.offset
        order.append(entry)
    }

    private mutating func rebuild() {
        let alive = Set(order.map(\.hash))
        offsets = offsets.filter { alive.contains($0.key) }
    }

    private static func earliest(_ now: Date) -> Int { LineStamp.seconds(now.ISO8601Format().utf8).map { $0 - period } ?? 0 }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}

extension ArraySlice<UInt8> {
    /// The last occurrence of `pattern`.
    func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        var index = endIndex - pattern.count
        while index >= startIndex {
            if self[index] == pattern[0], self[index..<(index + pattern.count)].elementsEqual(pattern) {
                return index..<(index + pattern.count)
            }
            index -= 1
        }
        return nil
    }
}
