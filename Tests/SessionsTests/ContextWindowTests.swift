import Chat
import Testing

@testable import Sessions

@Suite("The context window")
struct ContextWindowTests {
    private static let picture = Message.Part.image(url: "data:image/png;base64," + String(repeating: "A", count: 100_000), detail: nil)
    private static let recording = Message.Part.audio(data: String(repeating: "A", count: 100_000), format: "wav")

    @Test(
        "the estimate of tokens counts everything that a model reads",
        arguments: [
            (Message(role: .user, content: ""), 4), (Message(role: .user, content: "abcde"), 6), (Message(role: .user, content: "你好"), 6),
            (Message(role: .user, content: "abcd", parts: [.text("abcd"), picture]), 805),
            (Message(role: .user, content: "", parts: [picture, recording, picture]), 2404),
            (Message(role: .assistant, content: "", refusal: "abcd"), 5),
            (Message(role: .assistant, content: "", toolCalls: [Message.ToolCall(id: "x", name: "abcd", arguments: "{\"a\":1}")]), 7),
            (Message(role: .tool, content: "abcd", toolCallID: "x"), 5),
        ])
    func estimate(message: Message, tokens: Int) {
        #expect(ContextWindow.estimatedTokens([message]) == tokens)
    }

    @Test("pictures and recordings count towards a window's memory until their turn is dropped")
    func byteCount() {
        let limits = ContextLimits(maxTurns: 1)
        var window = ContextWindow(
            newestFirst: [.init([Message(role: .user, content: "", parts: [Self.picture, Self.recording])])], limits: limits)
        #expect(200_000..<202_000 ~= window.byteCount)
        window.append([Message(role: .user, content: "a")], limits: limits)
        #expect(1..<1000 ~= window.byteCount)
    }
}
