package import Chat
import Crypto
package import JSON
import Text

/// Everything that one request added to a session. A turn is one line of the file.
package struct Turn: Sendable, Equatable, Decodable {
    /// The request that made a turn. A retry is recognised by it.
    package struct Origin: Sendable, Equatable, Decodable {
        package var id: String
        /// The client's own key for the request.
        package var idempotencyKey: String?
        /// The SHA-256 of the request's body in lower-case hexadecimal.
        package var bodySHA256: String
        /// True if the client said that it repeats a request.
        package var isRetry: Bool

        package init(id: String, idempotencyKey: String? = nil, bodySHA256: String, isRetry: Bool = false) {
            (self.id, self.idempotencyKey, self.bodySHA256, self.isRetry) = (id, idempotencyKey, bodySHA256, isRetry)
        }

        enum CodingKeys: String, CodingKey {
            case id
            case isRetry = "retry"
            case idempotencyKey = "idempotency_key"
            case bodySHA256 = "body_sha256"
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            idempotencyKey = try container.decodeIfPresent(String.self, forKey: .idempotencyKey)
            bodySHA256 = try container.decode(String.self, forKey: .bodySHA256)
            isRetry = (try? container.decodeIfPresent(Bool.self, forKey: .isRetry)) ?? false
        }

        fileprivate var json: JSONValue {
            .object(
                [("id", .string(id))] + (isRetry ? [("retry", .bool(true))] : []) + [
                    ("idempotency_key", .optional(idempotencyKey)), ("body_sha256", .string(bodySHA256)),
                ])
        }

        /// True if both may be tries of one request, to which its client gives no name of its own.
        func mayBeTry(ofSameRequestAs other: Self) -> Bool {
            idempotencyKey == nil && other.idempotencyKey == nil && bodySHA256 == other.bodySHA256
        }
    }

    /// The prefix of every turn's id.
    package static let idPrefix = "turn-"

    package var id: String
    /// When it was stored: ISO 8601, UTC, whole seconds.
    package var at: String
    /// The user's message, the assistant's, and the calls and results between them.
    package var messages: [Message]
    /// The name by which the client knows the model.
    package var model: String
    package var finishReason: String
    package var usage: Usage
    package var request: Origin
    /// What `GET /v1/responses` shows of the turn besides; nil if it was not asked for by the Responses API.
    package var response: JSONValue?
    /// What `GET /v1/chat/completions/{id}` shows of the turn besides; nil if it is no stored completion.
    package var completion: JSONValue?
    /// True if nobody here was asked: the client said that this came before the session's first turn. It may be several turns long.
    package var isGiven = false
    /// What the client says came before the session's first turn, which is stored with it. Not read from a file.
    package var given: [Message] = []
    /// The probabilities of the answer's tokens; nil if the turn was read from a file, which does not keep them.
    package var logprobs: JSONValue?

    package init(
        id: String, at: String, messages: [Message], model: String, finishReason: String, usage: Usage, request: Origin
    ) {
        self.id = id
        self.at = at
        self.messages = messages
        self.model = model
        self.finishReason = finishReason
        self.usage = usage
        self.request = request
    }

    enum CodingKeys: String, CodingKey {
        case id
        case at
        case messages
        case model
        case finishReason = "finish_reason"
        case usage
        case request
        case isGiven = "given"
        case response
        case completion
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        at = try container.decode(String.self, forKey: .at)
        messages = try container.decode([Message].self, forKey: .messages)
        model = try container.decode(String.self, forKey: .model)
        finishReason = try container.decode(String.self, forKey: .finishReason)
        usage = try container.decode(Usage.self, forKey: .usage)
        request = try container.decode(Origin.self, forKey: .request)
        isGiven = (try? container.decodeIfPresent(Bool.self, forKey: .isGiven)) ?? false
        response = (try? container.decodeIfPresent(JSONValue.self, forKey: .response)).flatMap(\.self)
        completion = (try? container.decodeIfPresent(JSONValue.self, forKey: .completion)).flatMap(\.self)
    }

    /// The past that the client gave, as a turn of its own; nil if it gave none.
    var past: Turn? {
        guard let last = given.last else { return nil }
        var past = Turn(
            id: Identifier.make(prefix: Self.idPrefix), at: at, messages: given, model: model,
            finishReason: last.toolCalls.isEmpty ? "stop" : "tool_calls", usage: .zero, request: Origin(id: request.id, bodySHA256: ""))
        past.isGiven = true
        return past
    }

    /// The turn's line in the file, without separators (FORMAT.md, "A turn"). It contains no line feed: JSON escapes those in strings.
    var line: [UInt8] {
        JSONValue.object(
            [
                ("id", .string(id)), ("at", .string(at)), ("messages", .array(messages.map(\.json))),
            ] + (isGiven ? [("given", true)] : []) + (response.map { [("response", $0)] } ?? [])
                + (completion.map { [("completion", $0)] } ?? []) + [
                    ("model", .string(model)), ("finish_reason", .string(finishReason)), ("usage", usage.json), ("request", request.json),
                ]
        ).serialized
    }
}
