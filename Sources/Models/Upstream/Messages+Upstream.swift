import Chat

extension [Message] {
    /// The messages without tool calls that have no result, and without results that have no call.
    ///
    /// Upstreams refuse both, and a conversation that holds one would be refused for ever: a client may leave a call unanswered.
    var withoutUnansweredCalls: [Message] {
        var messages: [Message] = []
        var index = startIndex
        while index < endIndex {
            var message = self[index]
            index += 1
            if message.role == .tool { continue }
            let results = self[index...].prefix { $0.role == .tool }
            index = results.endIndex
            guard !message.toolCalls.isEmpty else {
                messages.append(message)
                continue
            }
            let answered = Set(results.compactMap(\.toolCallID))
            message.toolCalls.removeAll { !answered.contains($0.id) }
            let called = Set(message.toolCalls.map(\.id))
            if !(message.toolCalls.isEmpty && message.content.isEmpty && message.parts.isEmpty && message.refusal == nil) {
                messages.append(message)
            }
            messages += results.filter { $0.toolCallID.map(called.contains) ?? false }
        }
        return messages
    }
}
