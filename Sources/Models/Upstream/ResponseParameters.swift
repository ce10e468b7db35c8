import JSON
import Text

/// The parameters of a chat completion as members of a request to the Responses API. What that API does not have is left out.
enum ResponseParameters {
    /// Both APIs have these.
    private static let common = [
        "temperature", "top_p", "presence_penalty", "frequency_penalty", "top_logprobs", "parallel_tool_calls", "metadata", "user",
        "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
    ]

    /// Members by which a request would depend on what the server keeps, or its answer on another request.
    static let stateful = [
        "input", "instructions", "store", "include", "previous_response_id", "conversation", "prompt", "background", "context_management",
    ]

    /// - Parameter sealsReasoning: whether the server is to give its thoughts in the form in which it takes them back.
    static func members(_ parameters: [(name: String, value: JSONValue)], sealsReasoning: Bool) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = []
        var text: [(String, JSONValue)] = []
        var included: [JSONValue] = sealsReasoning ? ["reasoning.encrypted_content"] : []
        for (name, value) in parameters {
            switch name {
            case "max_tokens", "max_completion_tokens":
                if let count = value.wholeNumber { members.append(("max_output_tokens", .integer(max(16, count)))) }
            case "response_format": text.append(("format", flat(value)))
            case "verbosity": text.append((name, value))
            case "reasoning_effort": members.append(("reasoning", ["effort": value]))
            case "tools": members.append((name, .array((value.elements ?? []).map(tool))))
            case "tool_choice": members.append((name, choice(value)))
            case "logprobs": if case .bool(true) = value { included.append("message.output_text.logprobs") }
            default: if common.contains(name) { members.append((name, value)) }
            }
        }
        if !text.isEmpty { members.append(("text", .object(text))) }
        if !included.isEmpty { members.append(("include", .array(included))) }
        return members
    }

    /// A function that may have been offered without parameters, and that is strict only if the client says so. By itself, this API makes
    /// it strict.
    private static func tool(_ value: JSONValue) -> JSONValue {
        guard case .object(var members) = flat(value) else { return value }
        for (name, usual): (String, JSONValue) in [("parameters", ["type": "object", "properties": [:]]), ("strict", false)]
        where value.member("function")?.member(name)?.isNull ?? true {
            members.removeAll { $0.0 == name }
            members.append((name, usual))
        }
        return .object(members)
    }

    private static func choice(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = flat(value) else { return value }
        return .object(members.map { name, value in (name, name == "tools" ? .array((value.elements ?? []).map(flat)) : value) })
    }

    /// `{"type": "x", "x": {…}}` without the inner braces.
    private static func flat(_ value: JSONValue) -> JSONValue {
        guard let type = value.member("type"), case .object(let inner) = value.member(type.string ?? "") else { return value }
        return .object([("type", type)] + inner)
    }
}
