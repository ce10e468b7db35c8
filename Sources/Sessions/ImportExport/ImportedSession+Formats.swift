import Chat
import FoundationEssentials
import JSON
import Text

extension ImportedSession {
    /// Reads this program's own exports, in any layout.
    init(own scanner: inout JSONScanner, _ members: JSONScanner.Members, key: SessionKey?) throws(SessionError) {
        guard let text = scanner.decode(String.self, members["key"]),
            let createdAt = scanner.decode(String.self, members["created_at"]).flatMap(ImportedTimestamp.utc)
        else { throw SessionError(.unreadable, "it does not begin as a session does") }
        var lines: [Line] = []
        let decoder = ValueDecoder()
        func add(_ range: Range<Int>, _ scanner: JSONScanner) throws(SessionError) {
            if let turn = scanner.decode(Turn.self, range, decoder), !turn.id.hasPrefix(HistorySummary.idPrefix) {
                let line = SessionFile.line(for: scanner[range], decoder) ?? turn.line
                lines.append(Line(id: turn.id, at: turn.at, bytes: line[...]))
            } else if let summary = scanner.decode(HistorySummary.self, range, decoder), summary.id.hasPrefix(HistorySummary.idPrefix) {
                lines.append(
                    Line(id: summary.id, at: summary.at, bytes: (SessionFile.line(for: scanner[range], decoder) ?? summary.line)[...]))
            } else {
                throw SessionError(.unreadable, "its turn \(lines.count(where: \.isTurn) + 1) cannot be read")
            }
        }
        if let array = members["turns"] {
            for range in try Self.elements(of: array, &scanner) { try add(range, scanner) }
        } else {
            while let range = try Self.nextValue(&scanner) { try add(range, scanner) }
        }
        let key = if let key { key } else { try SessionKey(text) }
        self.init(key: key, createdAt: createdAt, lines: lines)
    }

    /// Reads a session of HKUDS/nanobot (`nanobot/session/manager.py`): JSON lines, first the session's metadata, then its messages.
    init(
        hkuds scanner: inout JSONScanner, _ members: JSONScanner.Members, name: String, key: SessionKey?, now: Date
    ) throws(SessionError) {
        let key = if let key { key } else { try Self.key(hkuds: scanner.decode(String.self, members["key"]), name: name) }
        let createdAt = scanner.decode(String.self, members["created_at"]).flatMap(ImportedTimestamp.utc)
        var turns = ImportedTurns(of: key, model: nil, from: createdAt ?? now.ISO8601Format())
        while let range = try Self.nextValue(&scanner) { try turns.add(range, scanner) }
        self = turns.session(createdAt: createdAt)
    }

    /// Reads the body of a request for a chat completion, as OpenAI defines it.
    init(
        openAI scanner: inout JSONScanner, _ members: JSONScanner.Members, _ messages: Range<Int>, key: SessionKey?, now: Date
    ) throws(SessionError) {
        let messages = try Self.elements(of: messages, &scanner)
        guard let key else { throw SessionError(.invalidKey, "the file does not say which session it is; say it with --key") }
        var turns = ImportedTurns(of: key, model: scanner.decode(String.self, members["model"]), from: now.ISO8601Format())
        for range in messages { try turns.add(range, scanner) }
        self = turns.session(createdAt: nil)
    }

    private static func nextValue(_ scanner: inout JSONScanner) throws(SessionError) -> Range<Int>? {
        guard scanner.findValue() else { return nil }
        return try readable { () throws(JSONSyntaxError) in try scanner.value() }
    }

    /// The elements of an array in an object that has to be the last value of the text.
    private static func elements(of array: Range<Int>, _ scanner: inout JSONScanner) throws(SessionError) -> [Range<Int>] {
        try readable { () throws(JSONSyntaxError) in
            try scanner.expectEnd()
            var inside = scanner.moved(to: array.lowerBound)
            return try inside.elements()
        }
    }

    /// Newer files contain their key, or have its base64url (RFC 4648, section 5) as their name. Older names are lossy.
    private static func key(hkuds text: String?, name: String) throws(SessionError) -> SessionKey {
        if let text { return try SessionKey(text) }
        let stem = name.hasSuffix(".jsonl") ? String(name.dropLast(6)) : name
        let base64 =
            stem.replacing("-", with: "+").replacing("_", with: "/") + String(repeating: "=", count: (4 - stem.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), data.base64EncodedString() == base64,
            let text = String(validating: data, as: UTF8.self), text.contains(":"), let key = try? SessionKey(text)
        else {
            throw SessionError(
                .invalidKey, "the file does not say which session it is, and its name may stand for several; say it with --key")
        }
        return key
    }
}
