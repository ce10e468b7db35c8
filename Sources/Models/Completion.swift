package import Chat
package import JSON

/// What a model answered.
package struct Completion: Sendable, Equatable {
    /// The assistant's text; empty where it only calls tools.
    package var content: String
    /// Why it does not answer, in its words.
    package var refusal: String?
    /// What it wants done before it goes on.
    package var toolCalls: [Message.ToolCall]
    /// The probabilities of its tokens, as the upstream wrote them, where they were asked for.
    package var logprobs: JSONValue?
    /// Why it ended: `stop`, `length`, `tool_calls`, `content_filter`, ….
    package var finishReason: String
    /// What it cost.
    package var usage: Usage

    /// Makes a completion.
    package init(
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
    package var isEmpty: Bool { content.isEmpty && refusal == nil && toolCalls.isEmpty }

    /// What the session keeps of it.
    package var message: Message { Message(role: .assistant, content: content, refusal: refusal, toolCalls: toolCalls) }
}

/// A piece of a completion: what it adds.
package struct Delta: Sendable, Equatable {
    /// A piece of a tool call. The first one of an index has id and name.
    package struct ToolCall: Sendable, Equatable {
        /// Which of the completion's calls it is.
        package var index: Int
        /// What the result refers to.
        package var id: String?
        /// The function's name.
        package var name: String?
        /// What its arguments go on with.
        package var arguments: String

        /// Makes a piece.
        package init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
            (self.index, self.id, self.name, self.arguments) = (index, id, name, arguments)
        }
    }

    /// What the text goes on with.
    package var content: String
    /// What the refusal goes on with.
    package var refusal: String?
    /// Pieces of tool calls.
    package var toolCalls: [ToolCall]
    /// The probabilities of these tokens.
    package var logprobs: JSONValue?

    /// Makes a piece.
    package init(content: String = "", refusal: String? = nil, toolCalls: [ToolCall] = [], logprobs: JSONValue? = nil) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.logprobs = logprobs
    }
}
