import Chat

/// A message as other programs keep it: what is not known here is passed over.
struct ForeignMessage: Decodable {
    /// What kind of record it is, where it is no message (`_type`).
    var recordType: String?
    /// Nil where a message has a role that is not known here.
    var message: Message?
    /// When it was said, as the other program wrote it.
    var timestamp: String?
    /// How many parts of its content are not text.
    var mediaCount = 0

    private enum CodingKeys: String, CodingKey {
        case recordType = "_type"
        case role
        case content
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case name
        case timestamp
    }

    /// A piece of content: a string, or an object with text, or something else.
    private struct Part: Decodable {
        private enum CodingKeys: CodingKey { case text }

        var text: String?

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                text = try container.decodeIfPresent(String.self, forKey: .text)
            } else {
                text = try decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        recordType = try container.decodeIfPresent(String.self, forKey: .recordType)
        guard recordType == nil, let role = Message.Role(rawValue: try container.decode(String.self, forKey: .role)) else { return }
        timestamp = try? container.decodeIfPresent(String.self, forKey: .timestamp)
        var content = ""
        if let text = try? container.decodeIfPresent(String.self, forKey: .content) {
            content = text
        } else if let parts = try container.decodeIfPresent([Part].self, forKey: .content) {
            content = parts.compactMap(\.text).joined(separator: " ")
            mediaCount = parts.count { $0.text == nil }
        }
        message = Message(
            role: role, content: content,
            toolCalls: try container.decodeIfPresent([Message.ToolCall].self, forKey: .toolCalls) ?? [],
            toolCallID: try container.decodeIfPresent(String.self, forKey: .toolCallID),
            name: try container.decodeIfPresent(String.self, forKey: .name))
    }
}
