import Chat

extension Prompt {
    /// The body of `POST /chat/completions`.
    func body(model: String, isStream: Bool) -> [UInt8] {
        var members: [(String, JSONValue)] = [("model", .string(model)), ("messages", .array(Self.answered(messages).map(\.json)))]
        members += parameters.map { ($0.name, $0.value) }
        if isStream { members += [("stream", true), ("stream_options", ["include_usage": true])] }
        return JSONValue.object(members).serialized
    }

    /// The messages without calls of tools that were never answered, and without answers to no call: upstreams refuse a conversation that
    /// has such for ever.
    private static func answered(_ messages: [Message]) -> [Message] {
        var kept: [Message] = []
        var index = 0
        while index < messages.count {
            var message = messages[index]
            let results = messages[(index + 1)...].prefix { $0.role == .tool }
            index += 1
            if message.role == .tool { continue }
            guard !message.toolCalls.isEmpty else {
                kept.append(message)
                continue
            }
            message.toolCalls.removeAll { call in !results.contains { $0.toolCallID == call.id } }
            if !message.toolCalls.isEmpty || !message.content.isEmpty { kept.append(message) }
            kept += message.toolCalls.compactMap { call in results.first { $0.toolCallID == call.id } }
            index += results.count
        }
        return kept
    }
}
