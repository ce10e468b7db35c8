import Concurrency
import Glibc
import JSON
import Logging
import Text

/// Writes one line per event to standard error, as text or as JSON, with the id of its request. The text of chats is never logged.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let isJSON: Bool

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var pairs = event.metadata ?? [:]
        if !metadata.isEmpty { pairs.merge(metadata) { event, _ in event } }
        if let label = RequestLabel.current { pairs["request"] = "\(label.requestID)" }
        let details = pairs.sorted { $0.key < $1.key }
        let time = Self.time()
        var text: String
        if isJSON {
            let members: [(String, JSONValue)] =
                [("time", .string(time)), ("level", .string(event.level.rawValue)), ("message", .string("\(event.message)"))]
                + details.map { ($0.key, .string("\($0.value)")) }
            text = String(decoding: JSONValue.object(members).serialized, as: UTF8.self)
        } else {
            text = "\(time) \(event.level.rawValue): \(event.message)"
            for (key, value) in details { text += " \(key)=\(value)" }
        }
        // A line feed in a value would let a client forge a log line.
        var line = Array(text.printable(keepsLines: false).utf8)
        line.append(UInt8(ascii: "\n"))
        // A pipe that nobody reads takes no more at some time. Requests do not wait for it: the line is lost, and counted.
        var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, 0) != 0 else { return Self.lost.withLock { $0 += 1 } }
        let lost = Self.lost.withLock { lost in
            defer { lost = 0 }
            return lost
        }
        if lost > 0, !isJSON { line = "\(time) warning: \(lost) lines were lost: nobody read them\n".utf8 + line }
        // One write, so that lines of several processes do not mix.
        _ = write(STDERR_FILENO, line, line.count)
    }

    /// Now, as ISO 8601 has it, to the second. A new process, which CGI starts for each request, would spend 7 % of its time on Foundation's
    /// calendar.
    private static func time() -> String {
        var (now, parts, text) = (Glibc.time(nil), tm(), [CChar](repeating: 0, count: 32))
        gmtime_r(&now, &parts)
        let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// How many lines were lost since the last one that was written.
    private static let lost = Mutex(0)
}
