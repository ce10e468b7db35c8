import Text

/// A message of a conversation, as in OpenAI-compatible APIs.
package struct Message: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case system
        case developer
        case user
        case assistant
        case tool
        /// The result of a function, from before there were tools. Its `name` says which function.
        case function
    }

    /// An assistant's call of a function that the client offered.
    package struct ToolCall: Sendable, Equatable {
        /// The result refers to the call by this.
        package var id: String
        package var name: String
        /// JSON text, as the model wrote it.
        package var arguments: String
        package var extras: ExtraMembers

        package init(id: String, name: String, arguments: String, extras: ExtraMembers = ExtraMembers()) {
            (self.id, self.name, self.arguments, self.extras) = (id, name, arguments, extras)
        }

        /// True if it was taken out of its conversation: no model's call lacks both.
        package var isRemoved: Bool { name.isEmpty && id.isEmpty }
    }

    /// A part of content that is more than text.
    package enum Part: Sendable, Equatable {
        case text(String)
        /// A picture: its URL, `data:` or remote, and the level of detail at which a model sees it (`auto`, `low`, `high`).
        case image(url: String, detail: String?)
        /// A recording in base64, and its format (`wav`, `mp3`).
        case audio(data: String, format: String)
        /// A document: a data URL or base64, and its name.
        case file(data: String, name: String?)
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
    /// What an assistant's message has besides.
    package var extras: ExtraMembers
    /// True if all of it was taken out of its conversation. Its place stays, by which the others of its turn are found.
    package var isRemoved = false
    /// The upstream that the extras of the message and of its calls came from, and to which alone they go back; nil if a client sent them.
    package var upstream: String?

    package init(
        role: Role, content: String, parts: [Part] = [], refusal: String? = nil, toolCalls: [ToolCall] = [], toolCallID: String? = nil,
        name: String? = nil, extras: ExtraMembers = ExtraMembers(), upstream: String? = nil
    ) {
        self.role = role
        self.content = content
        self.parts = parts
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
        self.name = name
        self.extras = extras
        self.upstream = upstream
    }

    /// True if anything of it was taken out of its conversation.
    package var hasRemovals: Bool { isRemoved || toolCalls.contains(where: \.isRemoved) }

    /// The message without the calls that were taken out; nil if all of it was.
    package var shown: Message? {
        guard !isRemoved else { return nil }
        guard hasRemovals else { return self }
        var message = self
        message.toolCalls.removeAll(where: \.isRemoved)
        return message
    }

    /// True if it tells the model how to answer.
    package var isInstruction: Bool { role == .system || role == .developer }

    /// True if it answers a call.
    package var isResult: Bool { role == .tool || role == .function }

    package var hasExtras: Bool { !extras.isEmpty || toolCalls.contains { !$0.extras.isEmpty } }

    /// True if it neither says anything nor calls a tool.
    package var isWordless: Bool { content.isEmpty && parts.isEmpty && refusal == nil && toolCalls.isEmpty }
}
