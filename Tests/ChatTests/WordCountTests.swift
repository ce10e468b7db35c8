import Chat
import Testing

@Suite("Words")
struct WordCountTests {
    @Test(
        "words are separated by white space, and each Han character is one",
        arguments: [
            ("", 0), (" \t\r\n", 0), ("one", 1), ("one two", 2), ("  one,  two!\n", 2), ("don't stop-now", 2),
            ("a\u{a0}b\u{3000}c\u{2003}d", 4),
            ("a\u{0}b\u{1f}c", 3), ("a\u{200b}b", 1), ("我住在成都", 5), ("我 住", 2), ("用Swift写", 3), ("Swift语言5", 4), ("〇", 1), ("，。", 1),
            ("ひらがな", 1), ("한국어 말", 2), ("\u{20000}\u{323af}", 2), ("\u{f900}", 1), ("e\u{301}te\u{301}", 1), ("👩‍👩‍👧 👍🏽", 2),
        ])
    func count(text: String, expected: Int) {
        #expect(text.wordCount == expected)
        #expect(Substring("x " + text).wordCount == expected + 1)
    }

    @Test("a turn has the words of its messages")
    func turn() {
        let messages = [
            Message(role: .user, content: "Say 你好"), Message(role: .assistant, content: ""), Message(role: .tool, content: "a b"),
        ]
        #expect(messages.wordCount == 5)
        #expect(PastTurn(messages).wordCount == 5)
        #expect(PastTurn([]).wordCount == 0)
    }

    @Test("a run of combining marks is counted in one pass")
    func combiningMarks() {
        #expect(("a" + String(repeating: "\u{301}", count: 200_000) + " b").wordCount == 2)
    }
}
