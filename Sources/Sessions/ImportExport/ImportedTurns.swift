import Chat
import Crypto
import JSON
import Text

/// Groups the messages of another program into turns. Each user message begins a turn; messages before the first one are a turn too.
struct ImportedTurns {
    private let key: SessionKey
    private let model: String
    /// The time of the last message that had one.
    private var time: String
    private var messages: [Message] = []
    private var firstTimestamp: String?
    private var repetitions: [[UInt8]: Int] = [:]
    private let decoder = ValueDecoder()
    private var turns: [ImportedSession.Line] = []
    private var messageCount = 0
    private var omissions = ImportedSession.Omissions()

    /// - Parameters:
    ///   - model: the model that answered; nil if the file does not say.
    ///   - time: the time of the first messages if they have none.
    init(of key: SessionKey, model: String?, from time: String) {
        (self.key, self.model, self.time) = (key, model ?? "unknown", time)
    }

    /// Adds a message. Other records are ignored.
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

    /// The session of all added messages.
    ///
    /// - Parameter createdAt: when it began; nil if the file does not say.
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

    /// An id that the same turn of the same session gets in every import, even if older turns have since been removed from the file. Equal
    /// turns are told apart by the number of equal ones before them.
    private mutating func nextID() -> String {
        let said: JSONValue = [.string(key.description), .optional(firstTimestamp), .array(messages.map(\.json))]
        let digest = SHA256.digest(of: said.serialized)
        let repetition = repetitions[digest, default: 0]
        repetitions[digest] = repetition + 1
        return Identifier.make(prefix: "turn-", digest: SHA256.digest(of: digest + "\(repetition)".utf8))
    }
}
