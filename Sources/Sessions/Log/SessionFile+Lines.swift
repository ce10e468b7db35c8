import JSON

extension SessionFile {
    /// Visits the line of every turn and summary, oldest first, without the comma and the line feed after it. `isSeparated` is false if
    /// another line follows but the comma is missing.
    ///
    /// - Parameter skipsUnreadable: true to visit the first line as well, and to skip lines that are too long instead of throwing.
    /// - Throws: `SessionError`, and what `visit` throws.
    func readLines(
        skipsUnreadable: Bool = false, _ visit: (_ line: ArraySlice<UInt8>, _ isSeparated: Bool) throws -> Void
    ) throws {
        var position = 0
        var bytes: [UInt8] = []
        var isHeader = !skipsUnreadable
        var isTooLong = false
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
                if !isHeader, !isTooLong { try visit(isSeparated ? line.dropLast() : line, isSeparated) }
                (isHeader, isTooLong) = (false, false)
            }
            bytes = Array(rest)
            // The line may have a comma after it.
            if bytes.count > Self.longestLine + 1 {
                guard skipsUnreadable else { throw lineTooLong }
                (bytes, isTooLong) = ([], true)
            }
        }
        if !isHeader, !isTooLong { try visit(bytes[...], true) }
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
