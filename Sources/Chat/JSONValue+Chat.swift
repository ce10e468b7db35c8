package import JSON
import Text

extension Message {
    /// The message as session files have it: as OpenAI-compatible APIs write it, and with the upstream that extras belong to.
    package var json: JSONValue {
        guard let upstream, hasExtras else {
            return .object(jsonMembers(withExtras: false) + (isRemoved ? [("removed", true)] : []))
        }
        return .object(jsonMembers() + [("upstream", .string(upstream))])
    }

    /// The members of the message as OpenAI-compatible APIs write it.
    ///
    /// - Parameter withExtras: whether the extras of the message and of its calls are among them.
    package func jsonMembers(withExtras: Bool = true) -> [(String, JSONValue)] {
        let content: JSONValue =
            if !parts.isEmpty { .array(parts.map(\.json)) } else if self.content.isEmpty, !toolCalls.isEmpty || refusal != nil {
                .null
            } else {
                .string(self.content)
            }
        var members: [(String, JSONValue)] = [("role", .string(role.rawValue)), ("content", content)]
        if let refusal { members.append(("refusal", .string(refusal))) }
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map { $0.json(withExtras: withExtras) }))) }
        if let toolCallID { members.append(("tool_call_id", .string(toolCallID))) }
        if let name { members.append(("name", .string(name))) }
        return withExtras ? members + extras.members : members
    }
}

extension Message.Part {
    /// The part as OpenAI-compatible APIs write it.
    package var json: JSONValue {
        switch self {
        case .text(let text): return ["type": "text", "text": .string(text)]
        case .image(let url, let detail):
            var image: [(String, JSONValue)] = [("url", .string(url))]
            if let detail { image.append(("detail", .string(detail))) }
            return ["type": "image_url", "image_url": .object(image)]
        case .audio(let data, let format):
            return ["type": "input_audio", "input_audio": ["data": .string(data), "format": .string(format)]]
        case .file(let data, let name):
            return ["type": "file", "file": .object((name.map { [("filename", .string($0))] } ?? []) + [("file_data", .string(data))])]
        }
    }
}

extension Message.ToolCall {
    /// The call as OpenAI-compatible APIs write it.
    package func json(withExtras: Bool = true) -> JSONValue {
        .object(
            [
                ("id", .string(id)), ("type", "function"),
                ("function", ["name": .string(name), "arguments": .string(arguments)]),
            ] + (withExtras ? extras.members : []))
    }
}

extension Usage {
    /// The usage as OpenAI-compatible APIs write it.
    package var json: JSONValue {
        .object(
            [
                ("prompt_tokens", .integer(promptTokens)), ("completion_tokens", .integer(completionTokens)),
                ("total_tokens", .integer(totalTokens)),
            ] + details.members)
    }
}
