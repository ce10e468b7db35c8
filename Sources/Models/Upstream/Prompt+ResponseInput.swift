import Chat
import Crypto
import JSON
import Text

extension Prompt {
    /// A prompt as the Responses API has it.
    struct ResponseInput {
        /// Nil if there are none.
        var instructions: String?
        var items: [JSONValue] = []
        /// True if thoughts are among the items that only the server they came from can read.
        var hasSealedReasoning = false

        /// - Parameters:
        ///   - messages: as `Prompt.messages(for:)` puts them in order.
        ///   - sealsReasoning: whether the server gets its thoughts back.
        init(_ messages: [Message], sealsReasoning: Bool) {
            for message in messages {
                if message.isInstruction {
                    instructions = message.content
                } else {
                    if sealsReasoning { add(SealedReasoning.items(of: message)) }
                    items += Self.items(of: message)
                }
            }
        }

        private mutating func add(_ reasoning: [JSONValue]) {
            items += reasoning
            hasSealedReasoning = hasSealedReasoning || !reasoning.isEmpty
        }

        private static func items(of message: Message) -> [JSONValue] {
            switch message.role {
            case .assistant:
                var content: [JSONValue] = []
                if !message.content.isEmpty { content.append(["type": "output_text", "text": .string(message.content)]) }
                if let refusal = message.refusal { content.append(["type": "refusal", "refusal": .string(refusal)]) }
                return (content.isEmpty ? [] : [item("assistant", content)])
                    + message.toolCalls.map { call in
                        [
                            "type": "function_call", "call_id": .string(id(call.id)), "name": .string(call.name),
                            "arguments": .string(call.arguments),
                        ]
                    }
            case .tool:
                return [
                    [
                        "type": "function_call_output", "call_id": .string(id(message.toolCallID ?? "")),
                        "output": .string(message.content),
                    ]
                ]
            // A function's result from before there were tools has no call here.
            case .user, .function, .system, .developer:
                let parts = message.parts.isEmpty ? [.text(message.content)] : message.parts
                return [item("user", parts.map(content))]
            }
        }

        private static func item(_ role: JSONValue, _ content: [JSONValue]) -> JSONValue {
            ["type": "message", "role": role, "content": .array(content)]
        }

        private static func content(_ part: Message.Part) -> JSONValue {
            switch part {
            case .text(let text): ["type": "input_text", "text": .string(text)]
            case .image(let url, let detail): ["type": "input_image", "image_url": .string(url), "detail": .string(detail ?? "auto")]
            case .audio: ["type": "input_text", "text": "(There is no recording.)"]
            case .file(let data, let name):
                .object([("type", "input_file")] + (name.map { [("filename", .string($0))] } ?? []) + [("file_data", .string(data))])
            }
        }

        /// The API has ids of at most 64 characters; other servers' may be longer.
        private static func id(_ id: String) -> String {
            id.utf8.count <= 64 ? id : "call_" + SHA256.hexadecimal(of: id.utf8).prefix(32)
        }
    }
}

/// Thoughts that only the server they came from can read. Messages keep them in `reasoning_details`, in OpenRouter's form, which clients
/// know.
enum SealedReasoning {
    private static let format = "openai-responses-v1"

    /// The detail that keeps an item of a response; nil if the item has nothing sealed.
    static func detail(of item: JSONValue, index: Int) -> JSONValue? {
        guard let text = item.member("encrypted_content")?.string, !text.isEmpty else { return nil }
        return [
            "type": "reasoning.encrypted", "data": .string(text), "id": item.member("id") ?? .null, "format": .string(format),
            "index": .integer(index),
        ]
    }

    /// The items that a message keeps.
    static func items(of message: Message) -> [JSONValue] {
        (message.extras["reasoning_details"]?.elements ?? []).compactMap { detail in
            guard detail.member("format")?.string == format, let text = detail.member("data")?.string else { return nil }
            let id = detail.member("id")?.string.map { [("id", JSONValue.string($0))] } ?? []
            return .object([("type", "reasoning")] + id + [("summary", []), ("encrypted_content", .string(text))])
        }
    }
}
