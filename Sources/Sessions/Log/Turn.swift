package import Chat
package import JSON

/// One turn of a session: everything that it added, one line of the file.
package struct Turn: Sendable, Equatable, Decodable {
    /// Where a turn came from; what later recognises a retry.
    package struct Origin: Sendable, Equatable, Decodable {
        /// The request's id.
        package var id: String
        /// The client's own key for the request.
        package var idempotencyKey: String?
        /// SHA-256 of the request body, in hexadecimal.
        package var bodySHA256: String

        /// Makes an origin.
        package init(id: String, idempotencyKey: String? = nil, bodySHA256: String) {
            self.id = id
            self.idempotencyKey = idempotencyKey
            self.bodySHA256 = bodySHA256
        }

        enum CodingKeys: String, CodingKey {
            case id
            case idempotencyKey = "idempotency_key"
            case bodySHA256 = "body_sha256"
        }
    }

    /// The turn's own id.
    package var id: String
    /// When it was stored: ISO 8601, UTC, whole seconds.
    package var at: String
    /// The user's message, the assistant's, and what lies between.
    package var messages: [Message]
    /// The model that was named to the client.
    package var model: String
    /// Why the answer ended.
    package var finishReason: String
    /// What it cost.
    package var usage: Usage
    /// Where it came from.
    package var request: Origin
    /// The probabilities of the answer's tokens, where it is fresh: no session keeps them.
    package var logprobs: JSONValue?

    /// Makes a turn.
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

    /// The turn's line in the file, without separators. It holds no line feed: JSON escapes those inside strings.
    var line: [UInt8] {
        JSONValue.object([
            ("id", .string(id)), ("at", .string(at)), ("messages", .array(messages.map(\.json))), ("model", .string(model)),
            ("finish_reason", .string(finishReason)), ("usage", usage.json),
            (
                "request",
                [
                    "id": .string(request.id), "idempotency_key": .optional(request.idempotencyKey),
                    "body_sha256": .string(request.bodySHA256),
                ]
            ),
        ]).serialized
    }
}
