import Chat
import Crypto
import FoundationEssentials
import JSON

/// Groups the messages of another program into turns: one begins at each message of a user, and what comes before the first is one, too.
struct ImportedTurns {
    private let key: SessionKey
    private let model: String
    /// When the last message was said that says so.
    private var time: String
    private var messages: [Message] = []
    private var firstTimestamp: String?
    private var repetitions: [[UInt8]: Int] = [:]
    private let decoder = JSONDecoder()
    private var turns: [ImportedSession.Line] = []
    private var messageCount = 0
    private var omissions = ImportedSession.Omissions()

    /// - Parameters:
    ///   - model: what answered; nil where the file does not say.
    ///   - time: when messages were said that come first and have no time.
    init(of key: SessionKey, model: String?, from time: String) {
        (self.key, self.model, self.time) = (key, model ?? "unknown", time)
    }

    /// Adds a message, or passes over a record that is none.
    mutating func add(_ record: Range<Int>, _ scanner: JSONScanner) throws(SessionError) {
        messageCount += 1
        guard let imported = scanner.decode(ImportedMessage.self, record, decoder) else {
            throw SessionError(.unreadable, "its message \(messageCount) cannot be read")
        }
        guard imported.recordType == nil else {
            messageCount -= 1
            return
        }
        guard let message = imported.message else {
            throw SessionError(.unreadable, "its message \(messageCount) has a role that is not known here")
        }
        omissions.media += imported.lostParts
        guard message.role != .system, message.role != .developer else {
            omissions.instructions += 1
            return
        }
        if message.role == .user { endTurn() }
        if messages.isEmpty { firstTimestamp = imported.timestamp }
        messages.append(message)
        if let said = imported.timestamp.flatMap(ImportedTimestamp.utc) { time = said }
    }

    /// The session of all that was added.
    ///
    /// - Parameter createdAt: when it began; nil where the file does not say.
    mutating func session(createdAt: String?) -> ImportedSession {
        endTurn()
        return ImportedSession(key: key, createdAt: createdAt ?? turns.first?.at ?? time, lines: turns, omissions: omissions)
    }

    private mutating func endTurn() {
        guard let last = messages.last else { return }
        let turn = Turn(
            id: nextID(), at: time, messages: messages, model: model, finishReason: last.toolCalls.isEmpty ? "stop" : "tool_calls",
            usage: .zero, request: Turn.Origin(id: "import", bodySHA256: ""))
        turns.append(ImportedSession.Line(id: turn.id, at: turn.at, bytes: turn.line[...]))
        messages = []
    }

    /// The same for the same turn of the same session in every import, also when older turns have gone from the file meanwhile: equal
    /// ones are told apart by how many there were before.
    private mutating func nextID() -> String {
        let said: JSONValue = [.string(key.description), .optional(firstTimestamp), .array(messages.map(\.json))]
        let digest = SHA256.digest(of: said.serialized)
        let repetition = repetitions[digest, default: 0]
        repetitions[digest] = repetition + 1
        return Identifier.make(prefix: "turn-", digest: SHA256.digest(of: digest + "\(repetition)".utf8))
    }
}
