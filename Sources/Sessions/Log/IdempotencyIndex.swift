import Chat
import DequeModule
import FoundationEssentials
import JSON

/// The offsets, in a session's file, of the turns of the last 24 hours that have an idempotency key.
///
/// It is built by reading a day's lines once, and then kept, so that not every turn with a key reads them.
struct IdempotencyIndex: Sendable {
    /// For how long a retry is recognised, in seconds.
    static let period: TimeInterval = 86_400

    private var offsets: [UInt64: Int] = [:]
    private var order: Deque<(timestamp: Int, hash: UInt64)> = []

    /// The memory that it takes, roughly: 16 bytes in the queue, and 16 in a dictionary that is two thirds full.
    var byteCount: Int { order.count * 40 }

    /// Reads the keys of a file's last day.
    init(_ file: borrowing SessionFile, now: Date) throws(SessionError) {
        let earliest = Self.earliest(now)
        var found: [(timestamp: Int, hash: UInt64, offset: Int)] = []
        try file.readLinesBackwards(from: file.end) { line, range in
            guard range.lowerBound > 0 else { return false }
            // Only an imported turn can have a time that cannot be read. It says nothing about the turns before it.
            guard let timestamp = Self.timestamp(Self.member("at", of: line.prefix(256)) ?? []) else { return true }
            guard timestamp >= earliest else { return false }
            if let key = Self.member("idempotency_key", of: line.suffix(4096)) {
                found.append((timestamp, Self.hash(key), range.lowerBound))
            }
            return true
        }
        for (timestamp, hash, offset) in found.reversed() { insert(hash, timestamp: timestamp, offset: offset) }
    }

    /// Adds a turn that was stored at `offset`, and drops those that are too old.
    mutating func insert(_ turn: Turn, offset: Int, now: Date) {
        let earliest = Self.earliest(now)
        while let oldest = order.first, oldest.timestamp < earliest {
            order.removeFirst()
            if order.count * 2 < offsets.count { rebuild() }
        }
        guard let key = turn.request.idempotencyKey, let timestamp = Self.timestamp(turn.at.utf8) else { return }
        insert(Self.hash(Self.escaped(key)), timestamp: timestamp, offset: offset)
    }

    /// The offset of the newest turn with a key. Check the turn: another key may have the same hash.
    func offset(of key: String) -> Int? { offsets[Self.hash(Self.escaped(key))] }

    /// True if a turn's time is recent enough for a retry to be recognised.
    static func isWithinPeriod(_ at: String, now: Date) -> Bool { timestamp(at.utf8).map { $0 >= earliest(now) } ?? false }

    private mutating func insert(_ hash: UInt64, timestamp: Int, offset: Int) {
        offsets[hash] = offset
        order.append((timestamp, hash))
    }

    private mutating func rebuild() {
        let alive = Set(order.map(\.hash))
        offsets = offsets.filter { alive.contains($0.key) }
    }

    private static func earliest(_ now: Date) -> Int { timestamp(now.addingTimeInterval(-period).ISO8601Format().utf8) ?? 0 }

    /// The digits of a time: 2026-11-23T09:00:00Z is 20261123090000. Nil if there are not as many digits, as a file may contain any text.
    private static func timestamp(_ text: some Sequence<UInt8>) -> Int? {
        let digits = text.prefix(19).filter { 0x30...0x39 ~= $0 }
        return digits.count == 14 ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
    }

    /// The value of a string member as written in the line, without quotation marks. Inside a string these are escaped, so text cannot be
    /// mistaken for a member's name.
    static func member(_ name: String, of line: ArraySlice<UInt8>) -> [UInt8]? {
        let start = Array("\"\(name)\":\"".utf8)
        guard let range = line.lastRange(of: start) else { return nil }
        var end = range.upperBound
        while end < line.endIndex, line[end] != UInt8(ascii: "\"") { end += line[end] == UInt8(ascii: "\\") ? 2 : 1 }
        return end < line.endIndex ? Array(line[range.upperBound..<end]) : nil
    }

    private static func escaped(_ key: String) -> [UInt8] { Array(JSONValue.string(key).serialized.dropFirst().dropLast()) }

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
