import Chat
import CoreMetrics
import Server

/// Counts turns and what they use, by model.
struct TurnMetrics: Sendable {
    static let turns = "nanobot_turns_total"
    static let tokens = "nanobot_tokens_total"

    /// What counts the turns of one model that end with one status.
    private struct Instruments: Sendable {
        let turns: Counter
        let promptTokens: Counter
        let completionTokens: Counter
    }

    private let cache = InstrumentCache<Instruments>()

    /// - Parameter model: as the operator names it.
    func count(model: String, status: Int, _ usage: Usage) {
        let instruments = cache.instruments(model, status: status) {
            let labels = [("model", model)]
            return Instruments(
                turns: Counter(label: Self.turns, dimensions: labels + [("status", String(status))]),
                promptTokens: Counter(label: Self.tokens, dimensions: labels + [("kind", "prompt")]),
                completionTokens: Counter(label: Self.tokens, dimensions: labels + [("kind", "completion")]))
        }
        instruments.turns.increment()
        instruments.promptTokens.increment(by: usage.promptTokens)
        instruments.completionTokens.increment(by: usage.completionTokens)
    }
}
