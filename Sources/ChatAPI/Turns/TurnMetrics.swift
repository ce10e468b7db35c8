import Chat
import Concurrency
import CoreMetrics
import Text

/// Counts turns and what they use, by model.
final class TurnMetrics: Sendable {
    static let turns = "nanobot_turns_total"
    static let tokens = "nanobot_tokens_total"

    /// What counts the turns of one model that end with one status.
    private struct Instruments: Sendable {
        let turns: Counter
        let promptTokens: Counter
        let completionTokens: Counter
    }

    /// Made once, as those of requests are.
    private let instruments = Mutex<[TextKey: [Int: Instruments]]>([:])

    /// - Parameter model: as the operator names it.
    func count(model: String, status: Int, _ usage: Usage) {
        let instruments = instruments(model, status: status)
        instruments.turns.increment()
        instruments.promptTokens.increment(by: usage.promptTokens)
        instruments.completionTokens.increment(by: usage.completionTokens)
    }

    private func instruments(_ model: String, status: Int) -> Instruments {
        instruments.withLock { known in
            if let instruments = known[TextKey(model)]?[status] { return instruments }
            let labels = [("model", model)]
            let instruments = Instruments(
                turns: Counter(label: Self.turns, dimensions: labels + [("status", String(status))]),
                promptTokens: Counter(label: Self.tokens, dimensions: labels + [("kind", "prompt")]),
                completionTokens: Counter(label: Self.tokens, dimensions: labels + [("kind", "completion")]))
            known[TextKey(model), default: [:]][status] = instruments
            return instruments
        }
    }
}
