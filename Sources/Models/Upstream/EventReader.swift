/// Takes server-sent events apart (WHATWG HTML, section 9.2.6), however the bytes are cut: the data of each event. Fields other than `data`,
/// and comments, are passed over; a last event that nothing ends counts, because some servers do not end it.
struct EventReader {
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var isAfterReturn = false
    private var isFirstLine = true

    /// Takes the next bytes, and gives the data of the events that they end.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n") where isAfterReturn: isAfterReturn = false
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                isAfterReturn = byte == UInt8(ascii: "\r")
                if let event = endLine() { events.append(event) }
            default:
                isAfterReturn = false
                line.append(byte)
            }
        }
        return events
    }

    /// The end of the stream: the data of an event that nothing has ended.
    mutating func finish() -> [UInt8]? {
        if !line.isEmpty { _ = endLine() }
        defer { data = nil }
        return data
    }

    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        isFirstLine = false
        guard !line.isEmpty else {
            defer { data = nil }
            return data
        }
        guard line.starts(with: "data".utf8), line.count == 4 || line[4] == UInt8(ascii: ":") else { return nil }
        let value = line.dropFirst(line.count > 5 && line[5] == UInt8(ascii: " ") ? 6 : 5)
        data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
        return nil
    }
}
