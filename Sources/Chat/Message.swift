/// One message of a conversation, as every OpenAI-compatible API knows it.
public struct Message: Sendable, Hashable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable {
        case system
        case developer
        case user
        case assistant
        case tool
    }

    /// What an assistant wants done: a call of a function that the client offered.
    public struct ToolCall: Sendable, Hashable {
        /// What the result refers to.
        public var id: String
        /// The function's name.
        public var name: String
        /// Its arguments: JSON text, as the model wrote it.
        public var arguments: String

        /// Makes a call.
        public init(id: String, name: String, arguments: String) {
            (self.id, self.name, self.arguments) = (id, name, arguments)
        }
    }

    /// Who speaks.
    public var role: Role
    /// What is said: plain text, any Unicode scalar but surrogates. Empty where an assistant only calls tools.
    public var content: String
    /// The calls of an assistant's message.
    public var toolCalls: [ToolCall]
    /// The call whose result a tool's message is.
    public var toolCallID: String?
    /// The participant's or function's name, where one was given.
    public var name: String?

    /// Makes a message.
    public init(role: Role, content: String, toolCalls: [ToolCall] = [], toolCallID: String? = nil, name: String? = nil) {
        self.role = role
        self.content = content
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.name = name
    }
}

extension Message: Decodable {
    private enum CodingKeys: String, CodingKey {
        case role
        case content
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case name
    }

    /// Reads a message as every OpenAI-compatible API writes it. Content may be null or missing.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        role = try container.decode(Role.self, forKey: .role)
        content = try container.decodeIfPresent(String.self, forKey: .content) ?? ""
        toolCalls = try container.decodeIfPresent([ToolCall].self, forKey: .toolCalls) ?? []
        toolCallID = try container.decodeIfPresent(String.self, forKey: .toolCallID)
        name = try container.decodeIfPresent(String.self, forKey: .name)
    }
}

extension Message.ToolCall: Decodable {
    private enum CodingKeys: String, CodingKey {
        case id
        case function
    }

    private struct Function: Decodable {
        var name: String
        var arguments: String
    }

    /// Reads a call as every OpenAI-compatible API writes it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let function = try container.decode(Function.self, forKey: .function)
        self.init(id: try container.decode(String.self, forKey: .id), name: function.name, arguments: function.arguments)
    }
}
