import Text

/// A message of a conversation, as in OpenAI-compatible APIs.
package struct Message: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case system
        case developer
        case user
        case assistant
        case tool
    }

    /// An assistant's call of a function that the client offered.
    package struct ToolCall: Sendable, Equatable {
        /// The result refers to the call by this.
        package var id: String
        package var name: String
        /// JSON text, as the model wrote it.
        package var arguments: String

        package init(id: String, name: String, arguments: String) {
            (self.id, self.name, self.arguments) = (id, name, arguments)
        }
    }

    /// A part of content that is more than text.
    package enum Part: Sendable, Equatable {
        case text(String)
        /// A picture: its URL, `data:` or remote, and the level of detail at which a model sees it (`auto`, `low`, `high`).
        case image(url: String, detail: String?)
        /// A recording in base64, and its format (`wav`, `mp3`).
        case audio(data: String, format: String)
    }

    package var role: Role
    /// Plain text. Empty if an assistant only calls tools.
    package var content: String
    /// All parts of the content in order, if it is more than text; otherwise empty. `content` is their texts, joined by spaces.
    package var parts: [Part]
    /// An assistant's explanation why it does not answer.
    package var refusal: String?
    package var toolCalls: [ToolCall]
    /// The id of the call whose result this is, in a tool's message.
    package var toolCallID: String?
    /// The name of the participant or function, if one was given.
    package var name: String?

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
