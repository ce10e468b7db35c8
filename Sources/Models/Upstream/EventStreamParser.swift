/// Finds the events of a `text/event-stream` (WHATWG HTML, section 9.2), however its bytes are divided into chunks.
///
/// It returns the data of events, and ignores comments and other fields. Some servers are careless, so an event also ends where its JSON
/// does, even without the blank line, and a line feed in a string of its JSON does not end it.
struct EventStreamParser {
    private var line: [UInt8] = []
    private var data: [UInt8]?
    private var extent = JSONExtent()
    /// The number of blank lines since the last line of the data, whose JSON is within a string.
    private var blankLines = 0
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
        endEvent(&events)
        return events
    }

    private mutating func endLine(_ events: inout [[UInt8]]) {
        defer { line.removeAll(keepingCapacity: true) }
        var line = line[...]
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line = line.dropFirst(3) }
        isFirstLine = false
        if line.isEmpty {
            if extent.isInString { blankLines += 1 } else { endEvent(&events) }
            return
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        if name.elementsEqual("data".utf8) {
            // The blank line was the end after all.
            if blankLines > 0 { endEvent(&events) }
            var value = line.dropFirst(name.count + 1)
            if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
            add(value, &events)
        } else if extent.isInString, !["", "event", "id", "retry"].contains(where: { name.elementsEqual($0.utf8) }) {
            add(line, &events)
        }
    }

    private mutating func add(_ line: ArraySlice<UInt8>, _ events: inout [[UInt8]]) {
        if data == nil { data = [] } else { data? += [UInt8](repeating: UInt8(ascii: "\n"), count: blankLines + 1) }
        blankLines = 0
        data? += line
        extent.read(line)
        if extent.isComplete { endEvent(&events) }
    }

    private mutating func endEvent(_ events: inout [[UInt8]]) {
        if let data { events.append(data) }
        (data, extent, blankLines) = (nil, JSONExtent(), 0)
    }
}
