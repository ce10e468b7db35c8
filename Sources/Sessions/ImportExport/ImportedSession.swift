import Chat
package import FoundationEssentials
import JSON

/// A session that was read from a file of this program or of another one.
package struct ImportedSession: Sendable {
    /// A turn of it, or a summary of turns, as the session file will have it.
    struct Line: Sendable {
        var id: String
        var at: String
        /// Without separators.
        var bytes: ArraySlice<UInt8>

        var isTurn: Bool { !SessionFile.isSummary(bytes) }
    }

    /// What no session has.
    package struct Omissions: Sendable, Equatable {
        /// Messages of `system` and `developer`: they belong to a request.
        package var instructions = 0
        /// Parts of messages that are neither text nor a picture or recording in the file itself.
        package var media = 0
    }

    /// The session's key.
    package let key: SessionKey
    /// When its first turn was stored: ISO 8601, UTC.
    let createdAt: String
    /// Its turns, oldest first, and the summaries among them.
    let lines: [Line]
    /// What the file has and the session will not.
    package let omissions: Omissions

    /// Reads the contents of a file: this program's own JSON or JSON lines, OpenAI-style `{"messages":[…]}`, or a session of
    /// HKUDS/nanobot.
    ///
    /// - Parameters:
    ///   - name: the file's name without the directory; the key may be in it.
    ///   - key: the key that the session is to have, whatever the file says.
    ///   - now: the time of messages that have none.
    /// - Throws: `unreadable`, `newerFormat` or `invalidKey`, with what is wrong, but not the name of the file.
    package init(_ bytes: [UInt8], name: String, key: SessionKey? = nil, now: Date = Date()) throws(SessionError) {
        guard (try? UTF8Span(validating: bytes.span)) != nil else { throw SessionError(.unreadable, "it is not UTF-8 text") }
        // Some editors begin UTF-8 with a byte order mark.
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

    /// Says of a text that is not JSON that it cannot be read.
    static func readable<Result>(_ body: () throws(JSONSyntaxError) -> Result) throws(SessionError) -> Result {
        do throws(JSONSyntaxError) {
            return try body()
        } catch {
            throw SessionError(.unreadable, error.description)
        }
    }

    private static let unknownFormat = "it is no session in a form that is known here"
}
