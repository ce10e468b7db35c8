import BuiltinModel
import Chat
import Models
import TestSupport
import Testing

@Suite("Hostile input")
struct HostileInputTests {
    static let megabyte = 1 << 20

    static let messages: [(String, String)] = [
        ("empty", ""), ("blank", " \n\t\u{3000} "), ("NUL", "\0\0"), ("NUL in words", "my\0name\0is\0Alice"), ("emoji", "👩‍👩‍👧‍👦🎉"),
        ("punctuation", "?!…"),
        ("quotes", "“”\"'"), ("one long word", String(repeating: "a", count: megabyte)),
        ("long blank", String(repeating: " ", count: megabyte)),
        ("blanks before a word", String(repeating: "\n", count: megabyte) + "hi"), ("long digits", String(repeating: "9", count: megabyte)),
        ("long sum", String(repeating: "1+", count: megabyte / 2) + "1"), ("long signs", String(repeating: "-", count: megabyte) + "1"),
        ("open parentheses", String(repeating: "(", count: megabyte)), ("long Han", String(repeating: "我", count: megabyte / 3)),
        ("sentences", String(repeating: "a. ", count: megabyte / 3)), ("facts", String(repeating: "my a is b and ", count: megabyte / 14)),
        ("questions", String(repeating: "what is my name? ", count: megabyte / 17)),
        ("apostrophes", String(repeating: "a'", count: megabyte / 2)),
        ("combining marks", "e" + String(repeating: "\u{301}", count: megabyte / 2)),
        ("ampersands", String(repeating: "my my is is ", count: megabyte / 12)),
        ("remember", "remember " + String(repeating: "that ", count: megabyte / 5)),
        ("and", String(repeating: "and ", count: megabyte / 4)),
        ("记住", String(repeating: "记住", count: megabyte / 6)), ("commas", "1" + String(repeating: ",000", count: megabyte / 4) + "+1"),
        ("Arabic", "مرحبا كيف حالك"), ("Russian", "Как меня зовут?"), ("bidirectional control", "\u{202E}abc"), ("replacement", "\u{FFFD}"),
    ]

    @Test("any message has a short answer, alone and as history", arguments: messages.indices)
    func shortAnswer(index: Int) async {
        let (name, message) = Self.messages[index]
        for answer in [
            await BuiltinModel.make.answer(message), await BuiltinModel.make.answer("What is my name?", after: [message]),
            await BuiltinModel.make.answer("Summarize", after: [message]),
            await BuiltinModel.make.answer("What did I just say?", after: [message]),
            await BuiltinModel.make.answer("ok then", after: [message]),
        ] {
            #expect(!answer.isEmpty, "\(name)")
            #expect(answer.utf8.count <= 4096, "\(name)")
        }
    }

    @Test("ten thousand parentheses are calculated")
    func nesting() async {
        let message = String(repeating: "(", count: 10_000) + "1+1" + String(repeating: ")", count: 10_000)
        #expect(await BuiltinModel.make.answer(message).hasSuffix(" = 2"))
    }

    @Test("blank and wordless messages are told so")
    func wordless() async {
        #expect(await BuiltinModel.make.answer(" \n") == "Your message is empty. What would you like to say?")
        #expect(await BuiltinModel.make.answer("🎉") == "I read only words and numbers, and “🎉” has none.")
    }

    @Test("a turn without a user message is answered as an empty one")
    func noUserMessage() async {
        for turn in [[], [Message(role: .assistant, content: "Hello")]] {
            #expect(await BuiltinModel.make.complete(Prompt(turn: turn)).content == "Your message is empty. What would you like to say?")
        }
    }

    @Test("many facts and long values stay within the answer's bound")
    func manyFacts() async {
        let said =
            (0..<500).map { "My thing\($0) is \(String(repeating: "x", count: 1000))" }
            + (0..<500).map { "I like \(String(repeating: "语", count: 300))\($0)" }
        for question in ["What do you know about me?", "What do I like?", "Summarize our discussion", "你知道我什么", "What is my thing3?"] {
            let answer = await BuiltinModel.make.answer(question, after: said)
            #expect(answer.utf8.count <= 4096, "\(question)")
            #expect(answer.utf8.count > 100)
        }
    }
}
