extension Message {
    /// The message as every OpenAI-compatible API writes it.
    public var json: JSONValue { .object(jsonMembers) }

    /// The members of that object, for those who have more to say of the message.
    public var jsonMembers: [(String, JSONValue)] {
        let saysNothing = content.isEmpty && !toolCalls.isEmpty
        var members: [(String, JSONValue)] = [
            ("role", .string(role.rawValue)), ("content", saysNothing ? .null : .string(content)),
        ]
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map(\.json)))) }
        if let toolCallID { members.append(("tool_call_id", .string(toolCallID))) }
        if let name { members.append(("name", .string(name))) }
        return members
    }
}

extension Message.ToolCall {
    /// The call as every OpenAI-compatible API writes it.
    public var json: JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}

extension Usage {
    /// The usage as every OpenAI-compatible API writes it.
    public var json: JSONValue {
        [
            "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(totalTokens),
        ]
    }
}
