import Chat
import JSON
import Text

extension Message {
    /// The message of a response: the fields that OpenAI's API always has, and the tool calls if there are any.
    var answer: JSONValue {
        let isSilent = content.isEmpty && (refusal != nil || !toolCalls.isEmpty)
        var members: [(String, JSONValue)] = [
            ("role", "assistant"), ("content", isSilent ? .null : .string(content)), ("refusal", .optional(refusal)),
            ("annotations", extras["annotations"] ?? []),
        ]
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map { $0.json() }))) }
        return .object(members + extras.members.filter { $0.0 != "annotations" })
    }
}
