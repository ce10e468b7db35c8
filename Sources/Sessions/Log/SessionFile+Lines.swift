import JSON

extension SessionFile {
    /// Visits the line of every turn and summary, oldest first, without the comma and the line feed after it. `isSeparated` is false if
    /// another line follows but the comma is missing.
    ///
    /// - Parameter start: 0, or the end of a line, to visit only the lines after it.
    /// - Throws: `SessionError`, and what `visit` throws.
    func readLines(from start: Int = 0, _ visit: (_ line: ArraySlice<UInt8>, _ isSeparated: Bool) throws -> Void) throws {
        var position = start
        var bytes: [UInt8] = []
        // Or what separates the next line from the last one.
        var isHeader = true
        while position < end {
            let chunk = try read(position..<position + min(end - position, max(1 << 20, bytes.count)))
            guard !chunk.isEmpty else { throw becameShorter }
            position += chunk.count
            bytes += chunk
            var rest = bytes[...]
            while let feed = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = rest[..<feed]
                rest = rest[(feed + 1)...]
                let isSeparated = line.last == UInt8(ascii: ",")
                if !isHeader { try visit(isSeparated ? line.dropLast() : line, isSeparated) }
                isHeader = false
            }
            bytes = Array(rest)
            // The line may have a comma after it.
            guard bytes.count <= Self.longestLine + 1 else { throw lineTooLong }
        }
        if !isHeader { try visit(bytes[...], true) }
    }

    /// Reads whole lines, at least one, from the beginning of a line on.
    ///
    /// - Returns: the lines with what separates them, and where the next ones begin.
    func lines(from position: Int) throws(SessionError) -> (bytes: ArraySlice<UInt8>, next: Int) {
        var length = 1 << 16
        while true {
            let bytes = try read(position..<min(end, position + length))
            if position + bytes.count >= end { return (bytes[...], end) }
            guard bytes.count == length else { throw becameShorter }
            if let feed = bytes.lastIndex(of: UInt8(ascii: "\n")) { return (bytes[...feed], position + feed + 1) }
            guard length <= Self.longestLine + 2 else { throw lineTooLong }
            length *= 2
        }
    }

    /// Visits the lines before `end`, the last one first and without line feeds, until `visit` returns false.
    func readLinesBackwards(
        from end: Int, _ visit: (_ line: ArraySlice<UInt8>, _ range: Range<Int>) -> Bool
    ) throws(SessionError) {
        var start = end
        var bytes: [UInt8] = []
        while true {
            if let feed = bytes.lastIndex(of: UInt8(ascii: "\n")) {
                let line = bytes[(feed + 1)...]
                guard visit(line, start + feed + 1..<start + bytes.count) else { return }
                bytes.removeSubrange(feed...)
            } else if start == 0 {
                _ = visit(bytes[...], 0..<bytes.count)
                return
            } else {
                guard bytes.count <= Self.longestLine else { throw lineTooLong }
                // The chunk grows with the line, so that a long line takes linear time.
                let chunk = min(start, max(65_536, bytes.count))
                let read = try read(start - chunk..<start)
                guard read.count == chunk else { throw becameShorter }
                bytes = read + bytes
                start -= chunk
            }
        }
    }

    private var becameShorter: SessionError { SessionError(.storageUnavailable, "\(path) became shorter while it was read") }

    private var lineTooLong: SessionError { SessionError(.unreadable, "\(path) has a line of more than \(Self.longestLine) bytes") }

    var unreadableLine: SessionError { SessionError(.unreadable, "\(path) has a line that is not a turn") }
}
