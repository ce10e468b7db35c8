import Chat
import CoreMetrics

/// Counts turns and what they use.
enum TurnMetrics {
    static let turns = "nanobot_turns_total"
    static let tokens = "nanobot_tokens_total"

    static func count(model: String, status: Int, _ usage: Usage) {
        Counter(label: turns, dimensions: [("model", model), ("status", String(status))]).increment()
        Counter(label: tokens, dimensions: [("model", model), ("kind", "prompt")]).increment(by: usage.promptTokens)
        Counter(label: tokens, dimensions: [("model", model), ("kind", "completion")]).increment(by: usage.completionTokens)
    }
}
