import JSON
import Text

extension Message.Role: Decodable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let role = Self(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "it is no role")
        }
        self = role
    }
}

extension Message: Decodable {
    /// The members of a message that have a place of their own.
    package static let knownMembers = ["role", "content", "refusal", "tool_calls", "tool_call_id", "name", "upstream", "removed"]

    /// Reads a message as session files and OpenAI-compatible APIs write it. Content may be null or missing.
    ///
    /// Without a container of keys: a window has hundreds of messages, and looks each of these members up in each of them.
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard case .object(let members) = value else { throw Self.mismatch }
        guard let role = try members.first(where: { $0.0 == "role" })?.1.decoded(as: Role.self) else { throw Self.mismatch }
        self.init(role: role, content: "")
        var hasMore = false
        for (name, value) in members where !value.isNull {
            switch name {
            case "content":
                if let text = value.string {
                    content = text
                } else {
                    let parts = try value.decoded(as: [Part].self)
                    content = parts.text
                    self.parts = parts.hasMoreThanText ? parts : []
                }
            case "refusal": refusal = try value.decoded(as: String.self)
            case "tool_calls": toolCalls = try value.decoded(as: [ToolCall].self)
            case "tool_call_id": toolCallID = try value.decoded(as: String.self)
            case "name": self.name = try value.decoded(as: String.self)
            case "upstream" where role == .assistant: upstream = try value.decoded(as: String.self)
            case "removed": isRemoved = value == true
            case "role": break
            default: hasMore = role == .assistant
            }
        }
        if hasMore { extras = ExtraMembers(of: value, besides: Self.knownMembers) }
    }

    private static var mismatch: DecodingError {
        .typeMismatch(Message.self, DecodingError.Context(codingPath: [], debugDescription: "it is no message"))
    }
}

extension [Message.Part] {
    /// The texts among the parts, joined by a space.
    package var text: String {
        compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: " ")
    }

    /// True if any part is not text.
    package var hasMoreThanText: Bool {
        contains { if case .text = $0 { false } else { true } }
    }
}

extension Message.Part: Decodable {
    private enum CodingKeys: String, CodingKey {
        case type
        case text
        case image = "image_url"
        case audio = "input_audio"
        case file
    }

    private struct Image: Decodable {
        var url: String
        var detail: String?
    }

    private struct Audio: Decodable {
        var data: String
        var format: String
    }

    private struct File: Decodable {
        var data: String
        var name: String?

        enum CodingKeys: String, CodingKey {
            case data = "file_data"
            case name = "filename"
        }
    }

    /// Reads a part as OpenAI-compatible APIs write it. A part of another type is an error.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(String.self, forKey: .type) {
        case "text": self = .text(try container.decode(String.self, forKey: .text))
        case "image_url":
            let image = try container.decode(Image.self, forKey: .image)
            self = .image(url: image.url, detail: image.detail)
        case "input_audio":
            let audio = try container.decode(Audio.self, forKey: .audio)
            self = .audio(data: audio.data, format: audio.format)
        case "file":
            let file = try container.decode(File.self, forKey: .file)
            self = .file(data: file.data, name: file.name)
        case let type:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: container, debugDescription: "\(type) is none of text, image_url, input_audio and file")
        }
    }
}

extension Message.ToolCall: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id
        case function
    }

    private struct Function: Decodable {
        var name: String
        var arguments: String
    }

    /// The members of a call that have a place of their own, or none in a session.
    package static let knownMembers = ["id", "type", "function", "index"]

    /// Reads a call as OpenAI-compatible APIs write it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let function = try container.decode(Function.self, forKey: .function)
        self.init(
            id: try container.decode(String.self, forKey: .id), name: function.name, arguments: function.arguments,
            extras: ExtraMembers(of: try JSONValue(from: decoder), besides: Self.knownMembers))
    }
}
