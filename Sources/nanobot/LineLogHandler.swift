import Concurrency
import Glibc
import JSON
import Logging
import Text

/// Writes one line per event, as text or as JSON, with the id of its request. The text of chats is never logged.
struct LineLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let isJSON: Bool
    /// The descriptor that the lines go to.
    var output = STDERR_FILENO

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = fields(of: event)
        let time = Self.time()
        var text: String
        if isJSON {
            let members: [(String, JSONValue)] =
                [("time", .string(time)), ("level", .string(event.level.rawValue)), ("message", .string("\(event.message)"))]
                + fields.map { ($0.name, .string($0.value)) }
            text = String(decoding: JSONValue.object(members).serialized, as: UTF8.self)
        } else {
            text = time
            text.reserveCapacity(256)
            text += " "
            text += event.level.rawValue
            text += ": "
            text += event.message.description
            for (name, value) in fields {
                text += " "
                text += name
                text += "="
                text += value
            }
        }
        // A line feed in a value would let a client forge a log line.
        text = text.printable(keepsLines: false)
        text += "\n"
        // A pipe that nobody reads takes no more at some time. Requests do not wait for it: the line is lost, and counted.
        var entry = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        guard poll(&entry, 1, 0) != 0 else { return Self.lost.withLock { $0 += 1 } }
        let lost = Self.lost.withLock { lost in
            defer { lost = 0 }
            return lost
        }
        if lost > 0, !isJSON { text = "\(time) warning: \(lost) lines were lost: nobody read them\n" + text }
        // One write, so that lines of several processes do not mix.
        text.withUTF8 { line in _ = write(output, line.baseAddress, line.count) }
    }

    /// In the order of their names.
    private func fields(of event: LogEvent) -> [(name: String, value: String)] {
        var pairs = event.metadata ?? [:]
        if !metadata.isEmpty { pairs.merge(metadata) { event, _ in event } }
        var fields: [(name: String, value: String)] = []
        fields.reserveCapacity(pairs.count + 1)
        for (key, value) in pairs { fields.append((key, value.description)) }
        if let label = RequestLabel.current { fields.append(("request", label.requestID)) }
        fields.sort { $0.name < $1.name }
        return fields
    }

    /// Now, as ISO 8601 has it, to the second. Each second is put into words once.
    private static func time() -> String {
        let now = Glibc.time(nil)
        return lastTime.withLock { last in
            if last.time != now { last = (now, text(of: now)) }
            return last.text
        }
    }

    /// A new process, which CGI starts for each request, would spend 7 % of its time on Foundation's calendar.
    private static func text(of time: time_t) -> String {
        var (time, parts, text) = (time, tm(), [CChar](repeating: 0, count: 32))
        gmtime_r(&time, &parts)
        let length = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static let lastTime = Mutex((time: time_t(0), text: ""))
    /// How many lines were lost since the last one that was written.
    private static let lost = Mutex(0)
}
