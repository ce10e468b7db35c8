import Chat
import TestSupport
import Testing

@testable import Sessions

@Suite("A history of any turns")
struct ContextWindowPropertyTests {
    @Test("a history is visible as far back as the limits reach, from the cache and from the file alike", arguments: TestLength.seeds(12))
    func window(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let limits = ContextLimits(
            maxTurns: Int.random(in: 1...12, using: &generator),
            maxTokens: [1, 40, 400, 4000, 100_000].randomElement(using: &generator) ?? 1)
        let directory = try TemporaryDirectory()
        let (store, key) = (try directory.store(limits: limits), try SessionKey("a"))
        var said: [[Message]] = []
        for _ in 0..<Int.random(in: 1...30, using: &generator) {
            let messages = Self.messages(after: said.last, using: &generator)
            _ = try await store.turn(of: key, from: .make()) { _ in
                var turn = Turn.make()
                turn.messages = messages
                return turn
            }
            said.append(messages)
            let seen = try await store.history(of: key).map(\.messages)
            #expect(seen == Self.expected(said, limits))
        }
        let seen = try await directory.store(limits: limits).history(of: key).map(\.messages)
        #expect(seen == Self.expected(said, limits))
    }

    /// The longest run of newest turns that fits. A tool's result and the turn that called the tool count as one.
    private static func expected(_ said: [[Message]], _ limits: ContextLimits) -> [[Message]] {
        let starts = said.indices.filter { said[$0].first?.role != .tool }
        let fitting = starts.first { start in
            said.count - start <= limits.maxTurns
                && said[start...].reduce(0) { $0 + ContextWindow.estimatedTokens($1) } <= limits.maxTokens
        }
        return Array(said[(fitting ?? starts.last ?? 0)...])
    }

    /// A turn: short, long or longer than one read, in several scripts, with tool calls and results.
    private static func messages(after last: [Message]?, using generator: inout SplitMix64) -> [Message] {
        func text(using generator: inout SplitMix64) -> String {
            let length = [0, 1, 10, 100, 1000, 70_000].randomElement(using: &generator) ?? 0
            let piece = ["a", "word ", "字", "é\"\\\n", "😀"].randomElement(using: &generator) ?? ""
            return String(repeating: piece, count: length / piece.utf8.count)
        }
        var messages: [Message]
        if let call = last?.last?.toolCalls.first, Bool.random(using: &generator) {
            messages = [Message(role: .tool, content: text(using: &generator), toolCallID: call.id)]
        } else {
            messages = [Message(role: .user, content: text(using: &generator))]
        }
        let calls =
            Int.random(in: 0..<3, using: &generator) == 0
            ? [Message.ToolCall(id: "call_1", name: "look", arguments: text(using: &generator))] : []
        messages.append(Message(role: .assistant, content: text(using: &generator), toolCalls: calls))
        return messages
    }
}
