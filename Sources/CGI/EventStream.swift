/// Server-sent events as chat clients read them: `data` fields and comments only (HTML Standard, section 9.2).
package enum EventStream {
    /// The headers of a response whose body is such a stream: caches must not store it, and proxies must not change or buffer it.
    package static let headers: [(name: String, value: String)] = [
        ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no"),
    ]

    /// An event. Each line of the text becomes a `data` field; readers join them again.
    package static func data(_ text: [UInt8]) -> [UInt8] { field("data: ", text) }

    /// An event with a name. Neither that nor the text has a line break; JSON has none.
    package static func event(_ name: String, line: [UInt8]) -> [UInt8] { Array("event: \(name)\ndata: ".utf8) + line + "\n\n".utf8 }

    /// A comment, which readers skip: it keeps a silent connection alive.
    package static func comment(_ text: String) -> [UInt8] { field(": ", Array(text.utf8)) }

    private static func field(_ name: String, _ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + 8)
        bytes += name.utf8
        var previous: UInt8 = 0
        for byte in text {
            switch byte {
            // A carriage return, alone or before a line feed, ends a line, too.
            case UInt8(ascii: "\n") where previous == UInt8(ascii: "\r"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): bytes += "\n\(name)".utf8
            default: bytes.append(byte)
            }
            previous = byte
        }
        return bytes + "\n\n".utf8
    }
}
