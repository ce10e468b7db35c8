import Chat
import FoundationEssentials
import JSON
import Sessions
import Text

extension Turn {
    /// The id of the turn's completion: the same each time the turn is returned. It leads to the turn if the completion is stored.
    func completionID(in session: SessionKey) -> String {
        completion == nil ? Self.completionID(id) : TurnAddress(self, in: session).completionID
    }

    static func completionID(_ turnID: String) -> String { TurnAddress.completionPrefix + turnID.dropFirst(idPrefix.count) }

    /// When the turn was stored, in seconds since 1970.
    var created: Int { (try? Date(at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0 }

    /// The turn as a chat completion: the same, id and time included, each time the turn is returned.
    func chatCompletion(in session: SessionKey) -> JSONValue {
        [
            "id": .string(completionID(in: session)), "object": "chat.completion", "created": .integer(created), "model": .string(model),
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
