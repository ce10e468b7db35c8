import Chat
import Models
import TestSupport

/// A model that sends its chunks when a test lets it.
struct GatedModel: ChatModel {
    enum Step: Sendable {
        case say(Delta)
        case wait(Gate)
        case waitForCancellation
        case fail(ModelError)

        static func say(_ text: String) -> Step { .say(Delta(content: text)) }
    }

    let steps: [Step]
    /// Opened when the model was cancelled.
    let cancelled = Gate()
    let asked = Gate()

    init(_ steps: Step...) { self.steps = steps }

    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        asked.open()
        var completion = Completion(content: "", usage: Usage(promptTokens: 3, completionTokens: 4))
        for step in steps {
            switch step {
            case .say(let delta):
                onDelta?(delta)
                completion.content += delta.content
                if let refusal = delta.refusal { completion.refusal = (completion.refusal ?? "") + refusal }
                for call in delta.toolCalls {
                    if let id = call.id { completion.toolCalls.append(.init(id: id, name: call.name ?? "", arguments: "")) }
                    completion.toolCalls[call.index].arguments += call.arguments
                }
            case .wait(let gate): await gate.pass()
            case .waitForCancellation:
                await untilCancelled()
                if Task.isCancelled {
                    cancelled.open()
                    throw ModelError(.cancelled, "cancelled")
                }
            case .fail(let error): throw error
            }
        }
        if !completion.toolCalls.isEmpty { completion.finishReason = "tool_calls" }
        return completion
    }
}
