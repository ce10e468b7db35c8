import ArgumentParser
import Chat
import FoundationEssentials
import JSON
import Sessions
import Text

struct ListSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List sessions: turns, tokens, size, last use, and key, in the directory's order.",
        discussion: "It reads each session's file as a whole.")

    @Option(help: "Only keys that begin with this, for example wx:group:")
    var prefix = ""

    @Flag(help: "One JSON object a line.")
    var json = false

    @Option(help: "The maximum number of sessions.")
    var limit: Int?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
    }

    func run() throws {
        try reportingErrors {
            var buffer: [UInt8] = []
            var count = 0
            var flush = ContinuousClock.now
            if !json { buffer += Self.row("TURNS", "TOKENS", "SIZE", "LAST USED", "KEY").utf8 }
            try options.store().list(prefix: prefix, onFailure: { Terminal.say("nanobot: \($0)") }) { session in
                count += 1
                let lastUsed = session.lastUsed.ISO8601Format()
                if json {
                    let object: JSONValue = [
                        "key": .string(session.key.description), "turns": .integer(session.turnCount), "bytes": .integer(session.byteCount),
                        "tokens": session.tokenCount.map(JSONValue.integer) ?? .null, "last_used": .string(lastUsed),
                    ]
                    buffer += object.serialized + "\n".utf8
                } else {
                    let size = Self.size(session.byteCount)
                    let tokens = session.tokenCount.map { String($0) } ?? "?"
                    buffer += Self.row(String(session.turnCount), tokens, size, lastUsed, session.key.description).utf8
                }
                // Often enough for a person, and to notice that a pipe's reader has left, but not with each line.
                if buffer.count > 1 << 16 || .now >= flush {
                    try Terminal.put(buffer)
                    buffer = []
                    flush = .now + .milliseconds(100)
                }
                return limit.map { count < $0 } ?? true
            }
            try Terminal.put(buffer)
        }
    }

    private static func row(_ turns: String, _ tokens: String, _ size: String, _ lastUsed: String, _ key: String) -> String {
        func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
        return "\(right(turns, 7))  \(right(tokens, 9))  \(right(size, 9))  \(right(lastUsed, 20))  \(key)\n"
    }

    private static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(bytes / 1000) kB"
        default: "\(bytes / 1_000_000) MB"
        }
    }
}
