import Chat
import HTTPClient
import JSON
import Text

/// What an upstream is asked for a completion.
struct CompletionRequest {
    private(set) var members: [(String, JSONValue)]
    /// True if there is something in it that some servers refuse, although they can answer without it.
    private(set) var hasOptions: Bool
    /// True if there are thoughts in it that were sealed by the server, or that a client says were.
    private(set) var hasSealedReasoning = false

    /// - Parameters:
    ///   - isFirst: whether clients mean this upstream when they send messages with extras.
    ///   - withOptions: false for what every server takes.
    init(_ prompt: Prompt, to upstream: Upstream, model: String, isFirst: Bool, streams: Bool, withOptions: Bool) {
        let settings = upstream.settings
        members = [("model", .string(model))]
        let messages = prompt.messages(
            for: Prompt.Recipient(tag: upstream.tag, isFirst: isFirst, takesNames: settings.takesNames))
        var reserved = ["stream", "stream_options"]
        switch settings.api {
        case .chat:
            hasOptions = withOptions && streams && prompt.includesUsage != false
            members.append(("messages", .array(messages.map { .object($0.jsonMembers()) })))
            for (name, value) in prompt.parameters { members.append((name, value)) }
        case .responses:
            hasOptions = withOptions
            let input = Prompt.ResponseInput(messages, sealsReasoning: withOptions)
            hasSealedReasoning = input.hasSealedReasoning
            if let instructions = input.instructions { members.append(("instructions", .string(instructions))) }
            members += [("input", .array(input.items)), ("store", false)]
            members += ResponseParameters.members(prompt.parameters, sealsReasoning: withOptions)
            reserved += ResponseParameters.stateful
        }
        if streams { members.append(("stream", true)) }
        if settings.takesUnknown {
            let known = Set((members.map(\.0) + reserved).map(TextKey.init))
            for (name, value) in prompt.otherParameters where !known.contains(TextKey(name)) { members.append((name, value)) }
        }
        if settings.api == .chat, hasOptions { members.append(("stream_options", ["include_usage": true])) }
    }
}
