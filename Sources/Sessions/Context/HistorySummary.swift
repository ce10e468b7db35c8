import Crypto
package import Chat
import JSON

/// What stands for the oldest turns of a session once they no longer fit the window: a line of the file that is no turn.
package struct HistorySummary: Sendable, Equatable, Decodable {
    /// The summary's own id.
    package var id: String
    /// When it was stored: ISO 8601, UTC, whole seconds.
    package var at: String
    /// What was said, in short.
    package var text: String
    /// The id of the newest turn that it stands for; it stands for all older ones, too.
    package var covers: String
    /// The model that wrote it, as it is named to clients.
    package var model: String
    /// What it cost.
    package var usage: Usage

    /// Makes a summary with an id of its own.
    package init(at: String, text: String, covers: String, model: String, usage: Usage) {
        id = Identifier.make(prefix: Self.idPrefix)
        (self.at, self.text, self.covers, self.model, self.usage) = (at, text, covers, model, usage)
    }

    enum CodingKeys: String, CodingKey {
        case id
        case at
        case text = "summary"
        case covers
        case model
        case usage
    }

    /// What ids of summaries begin with, and those of turns do not.
    static let idPrefix = "summary-"

    /// What every summary's line begins with, and no turn's.
    static let lineStart = Array("{\"id\":\"\(idPrefix)".utf8)

    /// The summary's line in the file, without separators.
    var line: [UInt8] {
        JSONValue.object([
            ("id", .string(id)), ("at", .string(at)), ("summary", .string(text)), ("covers", .string(covers)), ("model", .string(model)),
            ("usage", usage.json),
        ]).serialized
    }

    /// The summary as a model sees it: said by the user, since it tells what users said and must not weigh more, and answered, since some
    /// models take users and assistants only in turns.
    ///
    /// - Parameter limit: about the most tokens; a longer one is cut.
    func pastTurn(tokens limit: Int) -> PastTurn {
        // A token is four ASCII characters, or one other.
        let isLong = ContextWindow.estimatedTokens([Message(role: .user, content: text)]) > limit
        let shown = isLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) : text
        return PastTurn([
            Message(role: .user, content: "Summary of our conversation so far:\n" + shown),
            Message(role: .assistant, content: "Understood."),
        ])
    }
}
