import Chat
package import FoundationEssentials
import JSON
import Text

/// A session read from a file of this program or of another one.
package struct ImportedSession: Sendable {
    /// A turn or summary, as the session file will have it.
    struct Line: Sendable {
        var id: String
        var at: String
        /// The line without separators.
        var bytes: ArraySlice<UInt8>

        var isTurn: Bool { !SessionFile.isSummary(bytes) }
    }

    /// The number of things in the file that a session cannot hold.
    package struct Omissions: Sendable, Equatable {
        /// `system` and `developer` messages: they belong to a request, not to a session.
        package var instructions = 0
        /// Message parts that are neither text nor an embedded picture or recording.
        package var media = 0
    }

    package let key: SessionKey
    /// When the first turn was stored: ISO 8601, UTC.
    let createdAt: String
    /// Oldest first.
    let lines: [Line]
    package let omissions: Omissions

    /// Reads the contents of a file: this program's own JSON or JSON lines, OpenAI-style `{"messages":[…]}`, or a session of
    /// HKUDS/nanobot.
    ///
    /// - Parameters:
    ///   - name: the file's name without the directory; it may contain the key.
    ///   - key: the session's key; nil for the one that the file gives.
    ///   - now: the time of messages that have none.
    /// - Throws: `unreadable`, `newerFormat` or `invalidKey`. The description says what is wrong, but does not name the file.
    package init(_ bytes: [UInt8], name: String, key: SessionKey? = nil, now: Date = Date()) throws(SessionError) {
        guard (try? UTF8Span(validating: bytes.span)) != nil else { throw SessionError(.unreadable, "it is not UTF-8 text") }
        // Some editors put a byte order mark at the beginning of UTF-8.
        var scanner = JSONScanner(bytes, at: bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0)
        guard scanner.findValue() else { throw SessionError(.unreadable, "it is empty") }
        let start = scanner.position
        guard bytes[start] == UInt8(ascii: "{") else {
            let isMarkdown = bytes[start] == UInt8(ascii: "#")
            throw SessionError(.unreadable, isMarkdown ? "Markdown is for reading; export as json or jsonl" : Self.unknownFormat)
        }
        let members = try Self.readable { () throws(JSONSyntaxError) in try scanner.members() }
        if let format = scanner.decode(String.self, members["format"]), format.hasPrefix("nanobot-session/") {
            guard format == SessionFile.format else { throw SessionError(.newerFormat, "a newer version of this program wrote it") }
            try self.init(own: &scanner, members, key: key)
        } else if scanner.decode(String.self, members["_type"]) == "metadata" {
            try self.init(hkuds: &scanner, members, name: name, key: key, now: now)
        } else if let messages = members["messages"] {
            try self.init(openAI: &scanner, members, messages, key: key, now: now)
        } else {
            throw SessionError(.unreadable, Self.unknownFormat)
        }
    }

    init(key: SessionKey, createdAt: String, lines: [Line], omissions: Omissions = Omissions()) {
        (self.key, self.createdAt, self.lines, self.omissions) = (key, createdAt, lines, omissions)
    }

    /// Maps a syntax error to `.unreadable`.
    static func readable<Result>(_ body: () throws(JSONSyntaxError) -> Result) throws(SessionError) -> Result {
        do throws(JSONSyntaxError) {
            return try body()
        } catch {
            throw SessionError(.unreadable, error.description)
        }
    }

    private static let unknownFormat = "it is no session in a form that is known here"
}
