extension Message {
    /// The message as every OpenAI-compatible API writes it.
    public var json: JSONValue { ["role": .string(role.rawValue), "content": .string(content)] }
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
