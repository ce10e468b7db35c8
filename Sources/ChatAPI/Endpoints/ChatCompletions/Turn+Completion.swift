import Chat
import FoundationEssentials
import JSON
import Sessions

extension Turn {
    /// What ids of turns begin with.
    static let idPrefix = "turn-"

    /// The id of the completion that the turn is for its client: the same one whenever it is given.
    var completionID: String { Self.completionID(id) }

    static func completionID(_ turnID: String) -> String { "chatcmpl-" + turnID.dropFirst(idPrefix.count) }

    /// When it was stored, in seconds since 1970.
    var created: Int { (try? Date(at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0 }

    /// The chat completion that the turn is for its client: the same one, id and time included, whenever it is given.
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
