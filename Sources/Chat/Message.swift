/// One message of a conversation, as every OpenAI-compatible API knows it.
public struct Message: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable {
        case system
        case developer
        case user
        case assistant
        case tool
    }

    /// Who speaks.
    public var role: Role
    /// What is said: plain text, any Unicode scalar but surrogates.
    public var content: String

    /// Makes a message.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}
