import Chat

extension Prompt {
    /// The body of `POST /chat/completions`.
    func body(model: String, isStream: Bool) -> [UInt8] {
        var members: [(String, JSONValue)] = [("model", .string(model)), ("messages", .array(messages.map(\.json)))]
        members += parameters.map { ($0.name, $0.value) }
        if isStream { members += [("stream", true), ("stream_options", ["include_usage": true])] }
        return JSONValue.object(members).serialized
    }
}
