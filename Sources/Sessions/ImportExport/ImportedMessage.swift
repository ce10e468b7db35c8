import Chat

/// A message as other programs keep it: what is not known here is passed over.
struct ImportedMessage: Decodable {
    /// What kind of record it is, where it is no message (`_type`).
    var recordType: String?
    /// Nil where a message has a role that is not known here.
    var message: Message?
    /// When it was said, as the other program wrote it.
    var timestamp: String?
    /// How many parts of its content cannot be kept.
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

    /// A piece of content: a string, an object with text, a picture or a recording that is there itself, or something else.
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

        /// A model's server may not be able to fetch a remote picture, or may not be meant to.
        private static func medium(from decoder: any Decoder) -> Message.Part? {
            guard let part = try? Message.Part(from: decoder) else { return nil }
            if case .image(let url, _) = part { return url.hasPrefix("data:image/") ? part : nil }
            return part
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        recordType = try container.decodeIfPresent(String.self, forKey: .recordType)
        guard recordType == nil, let role = Message.Role(rawValue: try container.decode(String.self, forKey: .role)) else { return }
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
