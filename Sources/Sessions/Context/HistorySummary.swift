import Crypto
package import Chat
import JSON
import Text

/// Replaces the oldest turns of a session, for the model, once they no longer fit the window. It has a line of its own in the file.
package struct HistorySummary: Sendable, Equatable, Decodable {
    package var id: String
    /// When it was stored: ISO 8601, UTC, whole seconds.
    package var at: String
    package var text: String
    /// The id of the newest turn that the summary stands for. It stands for all older ones too.
    package var covers: String
    /// The name by which clients know the model that wrote it.
    package var model: String
    package var usage: Usage

    /// Makes a summary with a new id.
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

    /// Ids of summaries begin with this, those of turns do not.
    static let idPrefix = "summary-"

    /// The line of every summary begins with this, that of no turn does.
    static let lineStart = Array("{\"id\":\"\(idPrefix)".utf8)

    /// The summary's line in the file, without separators (FORMAT.md, "A summary").
    var line: [UInt8] {
        JSONValue.object([
            ("id", .string(id)), ("at", .string(at)), ("summary", .string(text)), ("covers", .string(covers)), ("model", .string(model)),
            ("usage", usage.json),
        ]).serialized
    }

    /// The summary as a model sees it. The user says it, because it repeats what users said and must not carry more weight; the assistant
    /// answers, because some models accept only alternating roles.
    ///
    /// - Parameter limit: the approximate number of tokens beyond which the text is cut.
    func pastTurn(tokens limit: Int) -> PastTurn {
        // One token a character is the worst case of the estimate.
        let isLong = ContextWindow.estimatedTokens([Message(role: .user, content: text)]) > limit
        let shown = isLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) : text
        return PastTurn(
            [
                Message(role: .user, content: "Summary of our conversation so far:\n" + shown),
                Message(role: .assistant, content: "Understood."),
            ], isSummary: true)
    }
}
