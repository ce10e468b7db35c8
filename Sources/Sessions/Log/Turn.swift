package import Chat
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

        /// True if both are tries of one request, whose client gives it no name of its own but counts its retries.
        func isTry(ofSameRequestAs other: Self) -> Bool {
            (isRetry || other.isRetry) && idempotencyKey == nil && other.idempotencyKey == nil && bodySHA256 == other.bodySHA256
        }
    }

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
    }

    /// The turn's line in the file, without separators (FORMAT.md, "A turn"). It contains no line feed: JSON escapes those in strings.
    var line: [UInt8] {
        JSONValue.object([
            ("id", .string(id)), ("at", .string(at)), ("messages", .array(messages.map(\.json))), ("model", .string(model)),
            ("finish_reason", .string(finishReason)), ("usage", usage.json),
            ("request", request.json),
        ]).serialized
    }
}
