import TestSupport
import Testing

@testable import BuiltinModel

@Suite("Clauses and phrases")
struct ClauseTests {
    @Test(
        "a message is split where one thing ends and the next begins",
        arguments: [
            ("Hi, my name is Alice. Who are you?", ["Hi", "my name is Alice", "Who are you"]),
            ("I live in St. Louis, Missouri.", ["I live in St. Louis, Missouri"]),
            ("It costs 3.5 at nanobot.io", ["It costs 3.5 at nanobot.io"]), ("I like tea and coffee", ["I like tea and coffee"]),
            ("I like tea and I like coffee", ["I like tea", "and I like coffee"]),
            ("你好，我叫小明。你是谁？", ["你好", "我叫小明", "你是谁"]), ("", []), ("?!", []),
        ])
    func splits(message: String, clauses: [String]) {
        #expect(Clause.clauses(of: message).map { $0.string(Words(start: 0, end: $0.text.count)) } == clauses)
    }

    @Test(
        "phrases capture what their holes cover",
        arguments: [
            ("my * is *", "my dog is Rex the First", ["dog", "Rex the First"]), ("(i am|im|) called *", "called Bob", ["Bob"]),
            ("~ name *", "what a name Bob", ["Bob"]),
            ("remember (that|) *", "remember that it rains", ["it rains"]), ("我叫*", "我叫小明", ["小明"]),
            ("我的*是*", "我的生日是5月1日", ["生日", "5月1日"]), ("i [like|love] *", "I love tea", ["love", "tea"]), ("a *\nb *", "b c", ["c"]),
        ] as [(StaticString, String, [String])])
    func captures(phrase: StaticString, message: String, holes: [String]) throws {
        let clause = try #require(Clause.clauses(of: message).first)
        let captures = try #require(Phrase(clause.spelling, Words(start: 0, end: clause.text.count)).first(of: phrase) { $0 })
        #expect(captures.map(clause.string) == holes)
    }

    @Test(
        "phrases cover the whole clause",
        arguments: [
            ("what is my *", "what is my"), ("who are you", "who are you then"), ("who are you", "so who are you"), ("(a|b)", "c"),
            ("my *?", "my name"),
        ]
            as [(StaticString, String)])
    func mismatches(phrase: StaticString, message: String) throws {
        let clause = try #require(Clause.clauses(of: message).first)
        #expect(!Phrase(clause.spelling, Words(start: 0, end: clause.text.count)).matches(phrase))
    }

    @Test("only the beginning of a long message is read")
    func bounded() {
        let clauses = Clause.clauses(of: String(repeating: "word. ", count: 100_000))
        #expect(clauses.count < 1000)
        #expect(Clause.clauses(of: String(repeating: "字", count: 100_000))[0].text.count == 399)
    }

    @Test(
        "truncating keeps characters whole",
        arguments: [("abc", 3, "abc"), ("abcd", 3, "abc…"), ("中文字", 6, "中文…"), ("中文字", 8, "中文…"), ("👩‍👩‍👧‍👦a", 10, "…")])
    func truncates(text: String, limit: Int, truncated: String) {
        #expect(text.truncated(toBytes: limit) == truncated)
    }

    @Test(
        "numbers in words are read",
        arguments: [
            ("two", 2), ("tenth", 10), ("3rd", 3), ("三百零五", 305), ("十二", 12), ("二十", 20), ("十", 10), ("42", 42),
        ])
    func numerals(text: String, value: Int) {
        #expect(Numeral.value(of: text) == value)
    }

    @Test("what is no number has none", arguments: ["", "a", "4a", "3rdx", "三a", "字", "9223372036854775808"])
    func noNumerals(text: String) {
        #expect(Numeral.value(of: text) == nil)
    }
}
