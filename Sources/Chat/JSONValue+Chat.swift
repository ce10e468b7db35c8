package import JSON
import Text

extension Message {
    /// The message as OpenAI-compatible APIs write it.
    package var json: JSONValue { .object(jsonMembers) }

    /// The members of `json`, for callers that add more.
    package var jsonMembers: [(String, JSONValue)] {
        let content: JSONValue =
            if !parts.isEmpty { .array(parts.map(\.json)) } else if self.content.isEmpty, !toolCalls.isEmpty || refusal != nil {
                .null
            } else {
                .string(self.content)
            }
        var members: [(String, JSONValue)] = [("role", .string(role.rawValue)), ("content", content)]
        if let refusal { members.append(("refusal", .string(refusal))) }
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map(\.json)))) }
        if let toolCallID { members.append(("tool_call_id", .string(toolCallID))) }
        if let name { members.append(("name", .string(name))) }
        return members
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
        }
    }
}

extension Message.ToolCall {
    /// The call as OpenAI-compatible APIs write it.
    package var json: JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}

extension Usage {
    /// The usage as OpenAI-compatible APIs write it.
    package var json: JSONValue {
        [
            "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(totalTokens),
        ]
    }
}
