/// One message of a conversation, as every OpenAI-compatible API knows it.
package struct Message: Sendable, Hashable {
    /// Who speaks.
    package enum Role: String, Sendable, Hashable, Codable {
        case system
        case developer
        case user
        case assistant
        case tool
    }

    /// What an assistant wants done: a call of a function that the client offered.
    package struct ToolCall: Sendable, Hashable {
        /// What the result refers to.
        package var id: String
        /// The function's name.
        package var name: String
        /// Its arguments: JSON text, as the model wrote it.
        package var arguments: String

        /// Makes a call.
        package init(id: String, name: String, arguments: String) {
            (self.id, self.name, self.arguments) = (id, name, arguments)
        }
    }

    /// A piece of content that has more than text.
    package enum Part: Sendable, Hashable {
        /// Plain text.
        case text(String)
        /// A picture: a `data:` URL, or a remote one; and how closely it is to be looked at (`auto`, `low`, `high`).
        case image(url: String, detail: String?)
        /// A recording, in base64, and its format (`wav`, `mp3`).
        case audio(data: String, format: String)
    }

    /// Who speaks.
    package var role: Role
    /// What is said: plain text, any Unicode scalar but surrogates. Empty where an assistant only calls tools.
    package var content: String
    /// All of the content in order, where it is more than text; else empty. The texts among them, joined by a space, are `content`.
    package var parts: [Part]
    /// Why an assistant does not answer, in its words.
    package var refusal: String?
    /// The calls of an assistant's message.
    package var toolCalls: [ToolCall]
    /// The call whose result a tool's message is.
    package var toolCallID: String?
    /// The participant's or function's name, where one was given.
    package var name: String?

    /// Makes a message.
    package init(
        role: Role, content: String, parts: [Part] = [], refusal: String? = nil, toolCalls: [ToolCall] = [], toolCallID: String? = nil,
        name: String? = nil
    ) {
        self.role = role
        self.content = content
        self.parts = parts
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.name = name
    }
}
