import Chat
import Models

/// A model that a test makes up: it keeps what it was asked, and says what the test says.
actor ScriptedModel: ChatModel {
    private(set) var prompts: [Prompt] = []
    private let answer: @Sendable (_ number: Int) async throws -> String

    /// - Parameter answer: gets how often the model was asked, this time included.
    init(_ answer: @escaping @Sendable (_ number: Int) async throws -> String = { "Answer \($0)" }) {
        self.answer = answer
    }

    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        prompts.append(prompt)
        let content: String
        do {
            content = try await answer(prompts.count)
        } catch {
            throw error as? ModelError ?? ModelError(.failed, "\(error)")
        }
        if !content.isEmpty { onDelta?(Delta(content: content)) }
        return Completion(content: content, usage: Usage(promptTokens: prompt.history.count + 1, completionTokens: 2))
    }

    /// How often it was asked.
    var count: Int { prompts.count }

    /// The questions of the turns that it saw when it was last asked.
    var lastHistory: [String] { prompts.last?.history.map { $0.messages[0].content } ?? [] }
}

/// Holds whoever comes until it is opened.
actor Gate {
    private(set) var arrivals = 0
    private(set) var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        arrivals += 1
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
