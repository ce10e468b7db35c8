import Chat
import JSON
import Models

/// A model that a test scripts: it records its prompts and gives the test's answers.
actor ScriptedModel: ChatModel {
    private(set) var prompts: [Prompt] = []
    private let completion: @Sendable (_ number: Int, _ prompt: Prompt) async throws -> Completion

    /// - Parameter answer: called with how often the model has been asked, including this time.
    init(_ answer: @escaping @Sendable (_ number: Int) async throws -> String = { "Answer \($0)" }) {
        completion = { number, prompt in
            let usage = Usage(promptTokens: prompt.history.count + 1, completionTokens: 2)
            return Completion(content: try await answer(number), usage: usage)
        }
    }

    /// - Parameter completions: its answers in order; the last one repeats.
    init(completions: [Completion]) {
        completion = { number, _ in completions[min(number, completions.count) - 1] }
    }

    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        prompts.append(prompt)
        let completion: Completion
        do {
            completion = try await self.completion(prompts.count, prompt)
        } catch {
            throw error as? ModelError ?? ModelError(.failed, "\(error)")
        }
        if !completion.isEmpty {
            let calls = completion.toolCalls.enumerated().map {
                Delta.ToolCall(index: $0, id: $1.id, name: $1.name, arguments: $1.arguments)
            }
            onDelta?(
                Delta(content: completion.content, refusal: completion.refusal, toolCalls: calls, logprobs: completion.logprobs))
        }
        return completion
    }

    /// How often it was asked.
    var count: Int { prompts.count }

    /// The questions of the turns that it saw when it was last asked.
    var lastHistory: [String] { prompts.last?.history.map { $0.messages[0].content } ?? [] }
}

extension Completion {
    /// An answer that costs three tokens.
    static func make(
        _ content: String = "", refusal: String? = nil, calls: [Message.ToolCall] = [], logprobs: JSONValue? = nil,
        finishReason: String = "stop"
    ) -> Completion {
        Completion(
            content: content, refusal: refusal, toolCalls: calls, logprobs: logprobs, finishReason: finishReason,
            usage: Usage(promptTokens: 1, completionTokens: 2))
    }
}

extension Message.ToolCall {
    static func make(_ id: String, name: String = "now", arguments: String = "{}") -> Self {
        Self(id: id, name: name, arguments: arguments)
    }
}
