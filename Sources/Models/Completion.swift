public import Chat

/// What a model answered.
public struct Completion: Sendable, Equatable {
    /// The assistant's text; empty where it only calls tools.
    public var content: String
    /// Why it does not answer, in its words.
    public var refusal: String?
    /// What it wants done before it goes on.
    public var toolCalls: [Message.ToolCall]
    /// The probabilities of its tokens, as the upstream wrote them, where they were asked for.
    public var logprobs: JSONValue?
    /// Why it ended: `stop`, `length`, `tool_calls`, `content_filter`, ….
    public var finishReason: String
    /// What it cost.
    public var usage: Usage

    /// Makes a completion.
    public init(
        content: String, refusal: String? = nil, toolCalls: [Message.ToolCall] = [], logprobs: JSONValue? = nil,
        finishReason: String = "stop", usage: Usage
    ) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.logprobs = logprobs
        self.finishReason = finishReason
        self.usage = usage
    }

    /// Whether it says nothing and wants nothing.
    public var isEmpty: Bool { content.isEmpty && refusal == nil && toolCalls.isEmpty }

    /// What the session keeps of it.
    public var message: Message { Message(role: .assistant, content: content, refusal: refusal, toolCalls: toolCalls) }
}

/// A piece of a completion: what it adds.
public struct Delta: Sendable, Equatable {
    /// A piece of a tool call. The first one of an index has id and name.
    public struct ToolCall: Sendable, Equatable {
        /// Which of the completion's calls it is.
        public var index: Int
        /// What the result refers to.
        public var id: String?
        /// The function's name.
        public var name: String?
        /// What its arguments go on with.
        public var arguments: String

        /// Makes a piece.
        public init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
            (self.index, self.id, self.name, self.arguments) = (index, id, name, arguments)
        }
    }

    /// What the text goes on with.
    public var content: String
    /// What the refusal goes on with.
    public var refusal: String?
    /// Pieces of tool calls.
    public var toolCalls: [ToolCall]
    /// The probabilities of these tokens.
    public var logprobs: JSONValue?

    /// Makes a piece.
    public init(content: String = "", refusal: String? = nil, toolCalls: [ToolCall] = [], logprobs: JSONValue? = nil) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.logprobs = logprobs
    }
}
