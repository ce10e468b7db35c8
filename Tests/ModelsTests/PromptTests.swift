import Chat
import JSON
import TestSupport
import Testing

@testable import Models

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
        "in a prompt every tool call has one result right behind it, and every result a call",
        arguments: [
            ([[user]], [user], ["user", "user"]),
            ([[user, calls("a")]], [result("a")], ["user", "assistant", "a"]),
            ([[user, calls("a", "b")]], [result("b"), result("a")], ["user", "assistant", "b", "a"]),
            ([[user, calls("a", "b")]], [result("b")], ["user", "assistant", "b", "a?"]),
            ([[user, calls("a")]], [user], ["user", "assistant", "a?", "user"]),
            ([[user, calls("a")], [result("a"), calls("a")]], [result("a")], ["user", "assistant", "a", "assistant", "a"]),
            ([[user, calls("a", "a")]], [result("a")], ["user", "assistant", "a", "a?"]),
            ([[result("a"), result(nil)]], [user], ["user"]),
            ([[user, calls("a"), result("b")]], [user, result("a")], ["user", "assistant", "a", "user"]),
            ([[user, calls("a", "b")]], [result("b"), user, result("a")], ["user", "assistant", "b", "a", "user"]),
            ([[user, calls("a"), user, calls("b")]], [result("a"), result("b")], ["user", "assistant", "a?", "user", "assistant", "b"]),
            ([[user, calls("")]], [user, result(nil)], ["user", "assistant", "call_without_id_1", "user"]),
            (
                [[user, calls("", "")], [result(""), calls("")]], [user],
                ["user", "assistant", "call_without_id_1", "call_without_id_2?", "assistant", "call_without_id_3?", "user"]
            ),
            ([[user, Message(role: .function, content: "result", name: "f")]], [user], ["user", "function", "user"]),
        ])
    func results(history: [[Message]], turn: [Message], expected: [String]) {
        let system = Message(role: .system, content: "s")
        let prompt = Prompt(instructions: [system], history: history.map { PastTurn($0) }, turn: turn)
        #expect(prompt.sent().map(Self.word) == ["system"] + expected)
    }

    @Test("a call has a name and the id that its result has")
    func callsHaveNames() throws {
        let calls = [Message.ToolCall(id: "", name: "f", arguments: "{}"), Message.ToolCall(id: "b", name: "", arguments: "{}")]
        let history = [Self.user, Message(role: .assistant, content: "", toolCalls: calls), Self.result("b"), Self.result(nil)]
        let sent = Prompt(history: [PastTurn(history)], turn: [Self.user]).sent()
        #expect(sent.map(\.role) == [.user, .assistant, .tool, .user])
        #expect(sent[1].toolCalls.map(\.name) == ["f"])
        #expect(sent[1].toolCalls.map(\.id) == [try #require(sent[2].toolCallID)])
    }

    @Test(
        "arguments that are no JSON object go as an empty one",
        arguments: [
            (#"{"city":"Par"#, "{}"), ("", "{}"), ("null", "{}"), ("[1]", "{}"), (#""Paris""#, "{}"), ("{} {}", "{}"),
            (#"{"x": 1.0}"#, #"{"x": 1.0}"#), (" {}\n", " {}\n"), (String(repeating: #"{"a":"#, count: 100_000), "{}"),
        ])
    func arguments(given: String, sent: String) {
        let call = Message(role: .assistant, content: "", toolCalls: [Message.ToolCall(id: "a", name: "f", arguments: given)])
        #expect(Prompt(turn: [Self.user, call, Self.user]).sent()[1].toolCalls.map(\.arguments) == [sent])
    }

    private static func says(_ role: Message.Role, _ text: String) -> Message { Message(role: role, content: text) }

    @Test(
        "the instructions are one message, whose role is developer only if all of them are",
        arguments: [
            ([says(.system, "a")], [says(.system, "a")]), ([says(.developer, "a")], [says(.developer, "a")]),
            ([says(.system, "a"), says(.system, "b")], [says(.system, "a\n\nb")]),
            ([says(.system, "a"), says(.developer, "b"), says(.system, "c")], [says(.system, "a\n\nb\n\nc")]),
            ([says(.developer, "a"), says(.developer, "b")], [says(.developer, "a\n\nb")]),
            ([says(.system, ""), says(.developer, "b")], [says(.developer, "b")]), ([says(.system, "")], []), ([], []),
        ])
    func instructions(given: [Message], sent: [Message]) {
        #expect(Prompt(instructions: given, turn: [Self.user]).sent() == sent + [Self.user])
    }

    @Test("a user speaks first, and an assistant says something")
    func speakers() {
        let history = [PastTurn([Self.says(.assistant, "Hello."), Self.says(.user, "Hi"), Self.says(.assistant, "")])]
        let sent = Prompt(instructions: [Self.says(.system, "s")], history: history, turn: [Self.user]).sent()
        #expect(sent.map(\.role) == [.system, .user, .assistant, .user, .assistant, .user])
        #expect(sent.map(\.content).allSatisfy { !$0.isEmpty })
        #expect(sent[2].content == "Hello." && sent[3].content == "Hi")
        #expect(Prompt(history: [PastTurn([Self.user, Self.calls("a"), Self.result("a")])], turn: [Self.user]).sent()[1].content.isEmpty)
    }

    private static func extras(_ name: String, _ value: JSONValue) -> ExtraMembers {
        ExtraMembers(of: .object([(name, value)]), besides: [])
    }

    /// An answer with extras of its message and of its call.
    private static func answer(from upstream: String?) -> Message {
        let call = Message.ToolCall(id: "a", name: "f", arguments: "{}", extras: extras("extra_content", ["google": "SIG"]))
        return Message(
            role: .assistant, content: "", toolCalls: [call], extras: extras("reasoning_content", "Hm."), upstream: upstream)
    }

    @Test(
        "extras go back to the upstream that they came from, and a client's to the first one",
        arguments: ["here", "there", nil], [true, false])
    func extras(upstream: String?, isFirst: Bool) {
        let answer = Self.answer(from: upstream)
        for isNew in [false, true] {
            let prompt =
                isNew
                ? Prompt(turn: [Self.user, answer, Self.result("a")])
                : Prompt(history: [PastTurn([Self.user, answer])], turn: [Self.result("a")])
            let sent = prompt.sent(isFirst: isFirst)[1]
            let isSent = upstream == "here" || upstream == nil && isNew && isFirst
            #expect(sent.extras == (isSent ? answer.extras : ExtraMembers()))
            #expect(sent.toolCalls[0].extras == (isSent ? answer.toolCalls[0].extras : ExtraMembers()))
        }
    }

    @Test("a message whose extras are not sent says something else")
    func onlyExtras() {
        let thought = Message(role: .assistant, content: "", extras: Self.extras("reasoning_content", "Hm."), upstream: "there")
        let sent = Prompt(history: [PastTurn([Self.user, thought])], turn: [Self.user]).sent()[1]
        #expect(!sent.content.isEmpty && sent.extras.isEmpty)
    }

    @Test("a recording goes back by its id alone")
    func audio() {
        let audio = Self.extras("audio", ["id": "audio_1", "data": "AAAA", "transcript": "Hi"])
        let spoken = Message(role: .assistant, content: "", extras: audio, upstream: "here")
        let sent = Prompt(history: [PastTurn([Self.user, spoken])], turn: [Self.user]).sent()[1]
        #expect(sent.extras == Self.extras("audio", ["id": "audio_1"]))
    }

    @Test("a function's result follows the call of old, wherever the turn has it")
    func functions() {
        let call = Self.extras("function_call", ["name": "f", "arguments": "{}"])
        let caller = Message(role: .assistant, content: "", extras: call, upstream: "here")
        let result = Message(role: .function, content: "result", name: "f")
        let sent = Prompt(history: [PastTurn([Self.user, caller])], turn: [Self.user, result]).sent(takesNames: false)
        #expect(sent == [Self.user, caller, result, Self.user])
    }

    @Test("names of participants are sent unless the upstream refuses them")
    func names() {
        let user = Message(role: .user, content: "u", name: "alice")
        #expect(Prompt(turn: [user]).sent() == [user])
        #expect(Prompt(turn: [user]).sent(takesNames: false) == [Self.user])
    }
}

extension Prompt {
    /// The messages that the upstream "here" gets.
    func sent(isFirst: Bool = true, takesNames: Bool = true) -> [Message] {
        messages(for: Recipient(tag: "here", isFirst: isFirst, takesNames: takesNames))
    }
}
