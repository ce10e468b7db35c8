import Chat
import JSON
import Server
import Text

/// New messages of a request.
extension Message {
    /// Reads a `system` or `developer` message.
    init(instruction field: JSONField) throws {
        let role = Role(text: try field.required("role").string()) ?? .system
        self.init(role: role, content: try Self.parts(field, areText: true).text)
    }

    /// Reads a user's message. Base64 becomes plain.
    ///
    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    init(question field: JSONField, allowsRemoteImages: Bool) throws {
        let read = try Self.parts(field, areText: false)
        var parts: [Part] = []
        for (index, part) in read.enumerated() {
            parts.append(try part.plain(at: "\(field.path).content[\(index)]", allowsRemoteImages: allowsRemoteImages))
        }
        self.init(
            role: .user, content: parts.text, parts: parts.hasMoreThanText ? parts : [], name: try field.member("name")?.string())
    }

    /// Reads the result of a tool, or of a function as there were before tools.
    init(result field: JSONField) throws {
        let content = try Self.parts(field, areText: true).text
        guard try field.required("role").string() == Role.function.rawValue else {
            self.init(role: .tool, content: content, toolCallID: try field.required("tool_call_id").string())
            return
        }
        self.init(role: .function, content: content, name: try field.required("name").string())
    }

    private static func parts(_ field: JSONField, areText: Bool) throws -> [Part] {
        let content = try field.required("content")
        switch content.value {
        case .string(let text): return [.text(text)]
        case .array([]): throw content.refused("must not be empty")
        case .array:
            var parts: [Part] = []
            for element in try content.elements() { parts.append(try part(element, isText: areText)) }
            return parts
        default: throw content.refused("must be a string or an array of parts")
        }
    }

    private static func part(_ field: JSONField, isText: Bool) throws -> Part {
        let type = try field.required("type")
        switch try type.string() {
        case "text": return .text(try field.required("text").string())
        case "image_url" where !isText:
            let image = try field.required("image_url")
            return .image(url: try image.required("url").string(), detail: try image.member("detail")?.string())
        case "input_audio" where !isText:
            let audio = try field.required("input_audio")
            return .audio(data: try audio.required("data").string(), format: try audio.required("format").string())
        case "file" where !isText:
            let file = try field.required("file")
            if let id = try file.member("file_id") { throw id.refused("is not known here: send the document as file_data") }
            return .file(data: try file.required("file_data").string(), name: try file.member("filename")?.string())
        default: throw type.refused(isText ? "must be text" : "must be text, image_url, input_audio or file")
        }
    }
}

/// Messages that a request only repeats.
extension Message {
    /// Reads a message as far as it can be understood. Nil if nobody knows its role.
    ///
    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    init?(past field: JSONField, allowsRemoteImages: Bool) {
        let value = field.value
        guard let role = value.member("role")?.string.flatMap(Role.init(text:)) else { return nil }
        let parts = value.member("content")?.elements?.compactMap { part in
            try? Self.part(JSONField(part), isText: false).plain(at: "", allowsRemoteImages: allowsRemoteImages)
        }
        self.init(
            role: role, content: value.member("content")?.string ?? parts?.text ?? "",
            parts: role == .user ? parts.flatMap { $0.hasMoreThanText ? $0 : nil } ?? [] : [], name: value.member("name")?.string)
        switch role {
        case .assistant:
            refusal = value.member("refusal")?.string
            toolCalls = value.member("tool_calls")?.elements?.compactMap(ToolCall.init(past:)) ?? []
            extras = ExtraMembers(of: value, besides: Self.knownMembers)
        case .tool: toolCallID = value.member("tool_call_id")?.string
        case .system, .developer, .user, .function: break
        }
    }
}

extension Message.ToolCall {
    /// Nil if the call has no name or no id, so that nobody can answer it.
    fileprivate init?(past value: JSONValue) {
        let function = value.member("function")
        guard let id = value.member("id")?.string, let name = function?.member("name")?.string, !id.isEmpty, !name.isEmpty else {
            return nil
        }
        let arguments = function?.member("arguments")
        self.init(
            id: id, name: name, arguments: arguments?.string ?? arguments.map { String(decoding: $0.serialized, as: UTF8.self) } ?? "{}",
            extras: ExtraMembers(of: value, besides: Self.knownMembers))
    }
}
