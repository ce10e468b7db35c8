package import Chat
package import JSON
import Text

/// A model's answer.
package struct Completion: Sendable, Equatable {
    /// Empty if the model only calls tools.
    package var content: String
    /// The model's explanation why it does not answer.
    package var refusal: String?
    package var toolCalls: [Message.ToolCall]
    /// The probabilities of the answer's tokens as the upstream wrote them, if the prompt asked for them.
    package var logprobs: JSONValue?
    /// `stop`, `length`, `tool_calls`, `content_filter`, ….
    package var finishReason: String
    package var usage: Usage

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

    /// True if there is neither text nor refusal nor tool call.
    package var isEmpty: Bool { content.isEmpty && refusal == nil && toolCalls.isEmpty }

    /// The message that the session stores.
    package var message: Message { Message(role: .assistant, content: content, refusal: refusal, toolCalls: toolCalls) }
}

/// A chunk of a completion: what it adds to those before it.
package struct Delta: Sendable, Equatable {
    /// A chunk of a tool call. The first one with an index has the id and the name.
    package struct ToolCall: Sendable, Equatable {
        /// The position among the completion's calls.
        package var index: Int
        package var id: String?
        package var name: String?
        /// Continues the arguments.
        package var arguments: String

        package init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
            (self.index, self.id, self.name, self.arguments) = (index, id, name, arguments)
        }
    }

    /// True if the chunk adds nothing.
    var isEmpty: Bool { content.isEmpty && refusal == nil && toolCalls.isEmpty && logprobs == nil }

    /// Continues the text.
    package var content: String
    /// Continues the refusal.
    package var refusal: String?
    package var toolCalls: [ToolCall]
    /// The probabilities of this chunk's tokens.
    package var logprobs: JSONValue?

    package init(content: String = "", refusal: String? = nil, toolCalls: [ToolCall] = [], logprobs: JSONValue? = nil) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.logprobs = logprobs
    }
}
