import Chat
import FoundationEssentials
import JSON
import Sessions
import Text

extension Turn {
    /// The id of the turn's completion: the same each time the turn is returned.
    var completionID: String { Self.completionID(id) }

    static func completionID(_ turnID: String) -> String { "chatcmpl-" + turnID.dropFirst(idPrefix.count) }

    /// When the turn was stored, in seconds since 1970.
    var created: Int { (try? Date(at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0 }

    /// The turn as a chat completion: the same, id and time included, each time the turn is returned.
    var completion: JSONValue {
        [
            "id": .string(completionID), "object": "chat.completion", "created": .integer(created), "model": .string(model),
            "choices": [
                [
                    "index": 0, "message": messages.last?.answer ?? .null, "logprobs": logprobs ?? .null,
                    "finish_reason": .string(finishReason),
                ]
            ],
            "usage": usage.json,
        ]
    }
}
