import Files
import SystemPackage

/// Reads the lines of a file, a chunk at a time.
struct UsageLines: ~Copyable {
    private let file: File
    /// Where the first byte is that was not read as a part of a whole line.
    private(set) var position: Int
    private(set) var unreadableCount = 0

    private static let chunkSize = 1 << 20

    /// - Parameter position: the beginning of a line.
    init(_ file: consuming File, from position: Int) {
        self.file = file
        self.position = position
    }

    /// Reads further whole lines.
    ///
    /// - Returns: nil if there are none. A line that has no end yet is being written.
    mutating func next() throws(Errno) -> [UsageLine]? {
        let bytes = try file.read(position..<position + Self.chunkSize)
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            guard bytes.count == Self.chunkSize else { return nil }
            // No turn has a line as long as this.
            (position, unreadableCount) = (position + bytes.count, unreadableCount + 1)
            return []
        }
        position += end + 1
        var lines: [UsageLine] = []
        lines.reserveCapacity(end / 128)
        for text in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
            if let line = UsageLine(Array(text)) { lines.append(line) } else { unreadableCount += 1 }
        }
        return lines
    }
}
