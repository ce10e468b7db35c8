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
    /// What else the message says: reasoning, images, annotations, an old `function_call`.
    package var extras: ExtraMembers
    /// The upstream that answered; nil for the built-in model.
    package var upstream: String?
    /// The probabilities of the answer's tokens as the upstream wrote them, if the prompt asked for them.
    package var logprobs: JSONValue?
    /// `stop`, `length`, `tool_calls`, `content_filter`, ….
    package var finishReason: String
    package var usage: Usage

    package init(
        content: String, refusal: String? = nil, toolCalls: [Message.ToolCall] = [], extras: ExtraMembers = ExtraMembers(),
        upstream: String? = nil, logprobs: JSONValue? = nil, finishReason: String = "stop", usage: Usage
    ) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.extras = extras
        self.upstream = upstream
        self.logprobs = logprobs
        self.finishReason = finishReason
        self.usage = usage
    }

    /// True if the message says nothing, although the model ended it by itself.
    package var isEmpty: Bool {
        let says = ["reasoning", "reasoning_content", "reasoning_details", "thinking_blocks", "images", "audio", "function_call"]
        return finishReason == "stop" && message.isWordless && !extras.members.contains { member in says.contains { $0 == member.0 } }
    }

    /// The message that the session stores.
    package var message: Message {
        Message(role: .assistant, content: content, refusal: refusal, toolCalls: toolCalls, extras: extras, upstream: upstream)
    }
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
        /// Continue the call's other members.
        package var extras: ExtraMembers

        package init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "", extras: ExtraMembers = ExtraMembers()) {
            (self.index, self.id, self.name, self.arguments, self.extras) = (index, id, name, arguments, extras)
        }
    }

    /// True if the chunk adds nothing.
    var isEmpty: Bool { content.isEmpty && refusal == nil && toolCalls.isEmpty && extras.isEmpty && logprobs == nil }

    /// Continues the text.
    package var content: String
    /// Continues the refusal.
    package var refusal: String?
    package var toolCalls: [ToolCall]
    /// Continue the message's other members.
    package var extras: ExtraMembers
    /// The probabilities of this chunk's tokens.
    package var logprobs: JSONValue?

    package init(
        content: String = "", refusal: String? = nil, toolCalls: [ToolCall] = [], extras: ExtraMembers = ExtraMembers(),
        logprobs: JSONValue? = nil
    ) {
        self.content = content
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.extras = extras
        self.logprobs = logprobs
    }
}
