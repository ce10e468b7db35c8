/// Finds the events of a `text/event-stream` (WHATWG HTML, section 9.2), however its bytes are divided into chunks.
///
/// It returns the data of events, and ignores comments and other fields. The last event counts even without the blank line after it, which
/// some servers leave out.
struct EventStreamParser {
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var isAfterCarriageReturn = false
    private var isFirstLine = true

    /// The data of the events that end in these bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> [[UInt8]] {
        var events: [[UInt8]] = []
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            let isEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            if isEnd {
                // The LF of a CR LF does not end another line.
                if !(byte == UInt8(ascii: "\n") && isAfterCarriageReturn) {
                    line += bytes[start..<index]
                    endLine(&events)
                }
                start = index + 1
            }
            isAfterCarriageReturn = byte == UInt8(ascii: "\r")
        }
        line += bytes[start...]
        return events
    }

    /// The data of the event that ends with the stream.
    mutating func end() -> [[UInt8]] {
        var events: [[UInt8]] = []
        if !line.isEmpty { endLine(&events) }
        endLine(&events)
        return events
    }

    private mutating func endLine(_ events: inout [[UInt8]]) {
        defer { line.removeAll(keepingCapacity: true) }
        var line = line[...]
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
        isFirstLine = false
        if line.isEmpty {
            if let data { events.append(data) }
            data = nil
            return
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard name.elementsEqual("data".utf8) else { return }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        if data == nil { data = Array(value) } else { data? += [UInt8(ascii: "\n")] + value }
    }
}
