import Chat
import Concurrency

@testable import Sessions

/// Makes summaries of the names of all turns that it is shown, and fails on demand.
final class Summarizer: Sendable {
    private struct State {
        var isFailing = false
        var prompts: [[String]] = []
    }

    private let state = Mutex(State())

    /// The names that it was shown, once for each call.
    var prompts: [[String]] { state.withLock(\.prompts) }

    func fail(_ isFailing: Bool = true) { state.withLock { $0.isFailing = isFailing } }

    func summary(of turns: [PastTurn], newest: String) -> HistorySummary? {
        let isFailing = state.withLock { state in
            state.prompts.append(turns.names)
            return state.isFailing
        }
        guard !isFailing else { return nil }
        return HistorySummary(
            at: Turn.time, text: turns.names.joined(separator: " "), covers: newest, model: "nanobot",
            usage: Usage(promptTokens: 10, completionTokens: 5))
    }
}

extension [PastTurn] {
    /// The first words of the turns' questions, including those in a summary.
    var names: [String] {
        flatMap { turn in
            let lines = turn.messages[0].content.split(separator: "\n")
            guard lines.first == "Summary of our conversation so far:" else {
                return [String(turn.messages[0].content.prefix { $0 != " " })]
            }
            return lines.dropFirst().joined().split(separator: " ").map(String.init)
        }
    }
}

extension SessionStore {
    /// Stores a turn and returns the names of the turns that it saw.
    @discardableResult
    func say(
        _ name: String, calls: [String] = [], result: String? = nil, to key: String = "a", by summarizer: Summarizer
    ) async throws -> [String] {
        let seen = Mutex<[String]>([])
        _ = try await turn(of: SessionKey(key), from: .make(), summarize: { summarizer.summary(of: $0, newest: $1) }) { history in
            seen.withLock { $0 = history.names }
            var turn = Turn.make(name, id: "turn-\(name)")
            if let result { turn.messages[0] = Message(role: .tool, content: name, toolCallID: result) }
            turn.messages[turn.messages.count - 1].toolCalls = calls.map { Message.ToolCall(id: $0, name: "look", arguments: "{}") }
            return turn
        }
        return seen.withLock(\.self)
    }
}
