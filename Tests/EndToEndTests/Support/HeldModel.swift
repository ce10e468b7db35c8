import Chat
import Concurrency
import Models

/// A model that says each piece, and ends, only when a test lets it.
final class HeldModel: ChatModel {
    private struct State {
        var allowed = 0
        var waiting: [(number: Int, continuation: AsyncStream<Void>.Continuation)] = []
        var asked = 0
        var cancelled = 0
    }

    private let pieces: [String]
    private let error: ModelError?
    private let state = Mutex(State())

    /// - Parameter error: what comes after the pieces instead of the end.
    init(_ pieces: [String], thenFails error: ModelError? = nil) {
        (self.pieces, self.error) = (pieces, error)
    }

    /// How often it was asked, and how often it was cancelled.
    var asked: Int { state.withLock(\.asked) }
    var cancelled: Int { state.withLock(\.cancelled) }

    /// Lets it say one piece more, or end after the last one.
    func release(_ count: Int = 1) {
        let released = state.withLock { state in
            state.allowed += count
            let released = state.waiting.filter { $0.number < state.allowed }
            state.waiting.removeAll { $0.number < state.allowed }
            return released
        }
        for (_, continuation) in released { continuation.finish() }
    }

    func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        state.withLock { $0.asked += 1 }
        for (number, piece) in pieces.enumerated() {
            try await wait(number)
            onDelta?(Delta(content: piece))
        }
        try await wait(pieces.count)
        if let error { throw error }
        return Completion(content: pieces.joined(), usage: Usage(promptTokens: 1, completionTokens: pieces.count))
    }

    private func wait(_ number: Int) async throws(ModelError) {
        let (releases, continuation) = AsyncStream<Void>.makeStream()
        let isAllowed = state.withLock { state in
            if state.allowed <= number { state.waiting.append((number, continuation)) }
            return state.allowed > number
        }
        guard !isAllowed else { return }
        // Ends when it is released, and when the task is cancelled.
        for await _ in releases {}
        guard !Task.isCancelled else {
            state.withLock { $0.cancelled += 1 }
            throw ModelError(.cancelled, "cancelled")
        }
    }
}
