import Chat
import Models
import TestSupport
import Testing

@Suite("Prompts")
struct PromptTests {
    private static func calls(_ ids: String...) -> Message {
        Message(role: .assistant, content: "", toolCalls: ids.map { Message.ToolCall(id: $0, name: "f", arguments: "{}") })
    }

    private static func result(_ id: String?) -> Message { Message(role: .tool, content: "result", toolCallID: id) }
    private static let user = Message(role: .user, content: "u")

    /// A message in one word: its role, or the id of its call, with `?` if the result was made up.
    private static func word(_ message: Message) -> String {
        guard message.role == .tool else { return message.role.rawValue }
        return (message.toolCallID ?? "nil") + (message.content == "result" ? "" : "?")
    }

    @Test(
        "in a prompt every tool call has one result and every result a call",
        arguments: [
            ([[user]], [user], ["user", "user"]),
            ([[user, calls("a")]], [result("a")], ["user", "assistant", "a"]),
            ([[user, calls("a", "b")]], [result("b"), result("a")], ["user", "assistant", "b", "a"]),
            ([[user, calls("a", "b")]], [result("b")], ["user", "assistant", "b", "a?"]),
            ([[user, calls("a")]], [user], ["user", "assistant", "a?", "user"]),
            ([[user, calls("a")], [result("a"), calls("a")]], [result("a")], ["user", "assistant", "a", "assistant", "a"]),
            ([[user, calls("a", "a")]], [result("a")], ["user", "assistant", "a", "a?"]),
            ([[result("a"), result(nil)]], [user], ["user"]),
            ([[user, calls("a"), result("b")]], [user, result("a")], ["user", "assistant", "a?", "user"]),
        ])
    func results(history: [[Message]], turn: [Message], expected: [String]) {
        let system = Message(role: .system, content: "s")
        let prompt = Prompt(instructions: [system], history: history.map { PastTurn($0) }, turn: turn)
        #expect(prompt.messages.map(Self.word) == ["system"] + expected)
    }
}
