import Chat
import Text

/// A message in another program's file. Members and parts that this program does not know are ignored.
struct ImportedMessage: Decodable {
    /// The record's `_type`, if it is not a message.
    var recordType: String?
    /// Nil if the role is unknown.
    var message: Message?
    /// The time of the message, as the other program wrote it.
    var timestamp: String?
    /// The number of content parts that cannot be kept.
    var lostParts = 0

    private enum CodingKeys: String, CodingKey {
        case recordType = "_type"
        case role
        case content
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case name
        case timestamp
    }

    /// A part of the content: a string, an object with text, an embedded picture or recording, or something else.
    private struct Part: Decodable {
        private enum CodingKeys: CodingKey { case text }

        var part: Message.Part?

        init(from decoder: any Decoder) throws {
            guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
                part = .text(try decoder.singleValueContainer().decode(String.self))
                return
            }
            part = try container.decodeIfPresent(String.self, forKey: .text).map(Message.Part.text) ?? Self.medium(from: decoder)
        }

        /// Keeps embedded media only: a model's server may be unable, or not allowed, to fetch a remote picture.
        private static func medium(from decoder: any Decoder) -> Message.Part? {
            guard let part = try? Message.Part(from: decoder) else { return nil }
            if case .image(let url, _) = part { return url.hasPrefix("data:image/") ? part : nil }
            return part
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        recordType = try container.decodeIfPresent(String.self, forKey: .recordType)
        guard recordType == nil, let role = Message.Role(text: try container.decode(String.self, forKey: .role)) else { return }
        timestamp = try? container.decodeIfPresent(String.self, forKey: .timestamp)
        var content = ""
        var parts: [Message.Part] = []
        if let text = try? container.decodeIfPresent(String.self, forKey: .content) {
            content = text
        } else if let found = try container.decodeIfPresent([Part].self, forKey: .content) {
            let kept = found.compactMap(\.part)
            lostParts = found.count - kept.count
            content = kept.text
            parts = kept.hasMoreThanText ? kept : []
        }
        message = Message(
            role: role, content: content, parts: parts,
            toolCalls: try container.decodeIfPresent([Message.ToolCall].self, forKey: .toolCalls) ?? [],
            toolCallID: try container.decodeIfPresent(String.self, forKey: .toolCallID),
            name: try container.decodeIfPresent(String.self, forKey: .name))
    }
}
