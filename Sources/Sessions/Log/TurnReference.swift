import Chat
import Glibc
import JSON
import Text

/// A turn of a session, as an id names it.
package struct TurnReference: Sendable, Equatable {
    /// The beginning of the turn's id.
    package let idPrefix: String
    /// When the turn began, in seconds since 1970. Lines are stored in order of time, so that few have to be read to find it.
    package let time: Int

    package init(idPrefix: String, time: Int) { (self.idPrefix, self.time) = (idPrefix, time) }

    /// How the turn's line begins. A line that another tool has changed may begin otherwise: it has no ids then.
    var lineStart: [UInt8] { Array("{\"id\":\"\(idPrefix)".utf8) }
}

extension SessionFile {
    /// How many lines are read forward from the place that their times tell, in bytes.
    private static let reach = 1 << 20

    /// Where the line of a turn is; nil if no turn has the id.
    func range(of turn: TurnReference) throws(SessionError) -> Range<Int>? {
        let start = turn.lineStart
        let first = try firstLine(since: turn.time)
        var position = first
        // The turns that were stored between its beginning and its end stand before it.
        while position < end, position - first < Self.reach {
            let (bytes, next) = try lines(from: position)
            if let range = Self.range(of: start, in: bytes) { return position + range.lowerBound..<position + range.upperBound }
            position = next
        }
        // A clock was wrong, or lines were imported.
        var found: Range<Int>?
        try readLinesBackwards(from: end) { line, range in
            if range.lowerBound > 0, line.starts(with: start) {
                let line = line.last == UInt8(ascii: ",") ? line.dropLast() : line
                found = range.lowerBound..<range.lowerBound + line.count
            }
            return found == nil
        }
        return found
    }

    /// The place of a line that begins in this way among others.
    private static func range(of start: [UInt8], in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        let place = bytes.withUnsafeBytes { bytes -> Int? in
            guard let first = bytes.baseAddress else { return nil }
            var place = 0
            while bytes.count - place >= start.count {
                if memcmp(first + place, start, start.count) == 0 { return place }
                guard let feed = memchr(first + place, CInt(UInt8(ascii: "\n")), bytes.count - place) else { return nil }
                place = feed - UnsafeMutableRawPointer(mutating: first) + 1
            }
            return nil
        }
        guard let place else { return nil }
        let line = bytes[(bytes.startIndex + place)...].prefix { $0 != UInt8(ascii: "\n") }
        return place..<place + line.count - (line.last == UInt8(ascii: ",") ? 1 : 0)
    }

    /// Where lines begin of which the first ones were stored shortly before a time, or at it, if lines are in order of time.
    private func firstLine(since time: Int) throws(SessionError) -> Int {
        var (lower, upper) = (try headerLength() + 1, end)
        while upper - lower > 1 << 16 {
            let middle = (lower + upper) / 2
            // The lines are short, as a rule. One that is not is passed over.
            let bytes = try read(middle..<min(upper, middle + 1 << 14))
            guard let feed = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
                upper = middle
                continue
            }
            guard let at = LineStamp.writtenTime(bytes[(feed + 1)...]), let stored = LineStamp.seconds(at), stored < time else {
                upper = middle
                continue
            }
            lower = middle + feed + 1
        }
        return lower
    }
}
