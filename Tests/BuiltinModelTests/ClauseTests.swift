import TestSupport
import Testing

@testable import BuiltinModel

@Suite("Clauses and patterns")
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
        #expect(Clause.clauses(of: message).map { $0.text(of: 0..<$0.tokens.count) } == clauses)
    }

    @Test(
        "patterns capture what their holes cover",
        arguments: [
            ("my * is *", "my dog is Rex the First", ["dog", "Rex the First"]), ("(i am|im|) called *", "called Bob", ["Bob"]),
            ("~ name *", "what a name Bob", ["Bob"]),
            ("remember (that|) *", "remember that it rains", ["it rains"]), ("我叫*", "我叫小明", ["小明"]),
            ("我的*是*", "我的生日是5月1日", ["生日", "5月1日"]),
        ])
    func captures(pattern: String, message: String, holes: [String]) throws {
        let clause = try #require(Clause.clauses(of: message).first)
        let captures = try #require(Pattern(pattern).captures(in: clause.tokens, range: 0..<clause.tokens.count))
        #expect(captures.map(clause.text) == holes)
    }

    @Test(
        "patterns cover the whole clause",
        arguments: [("what is my *", "what is my"), ("who are you", "who are you then"), ("who are you", "so who are you"), ("(a|b)", "c")])
    func mismatches(pattern: String, message: String) throws {
        let clause = try #require(Clause.clauses(of: message).first)
        #expect(Pattern(pattern).captures(in: clause.tokens, range: 0..<clause.tokens.count) == nil)
    }

    @Test("only the beginning of a long message is read")
    func bounded() {
        let clauses = Clause.clauses(of: String(repeating: "word. ", count: 100_000))
        #expect(clauses.count < 1000)
        #expect(Clause.clauses(of: String(repeating: "字", count: 100_000))[0].tokens.count == 80)
    }

    @Test(
        "clipping keeps characters whole",
        arguments: [("abc", 3, "abc"), ("abcd", 3, "abc…"), ("中文字", 6, "中文…"), ("中文字", 8, "中文…"), ("👩‍👩‍👧‍👦a", 10, "…")])
    func clips(text: String, limit: Int, clipped: String) {
        #expect(text.clipped(toBytes: limit) == clipped)
    }

    @Test(
        "numbers in words are read",
        arguments: [
            ("twenty five", 25.0), ("two hundred five", 205), ("two million three hundred thousand", 2_300_000), ("三百零五", 305), ("十二", 12),
            ("三万五千", 35_000), ("二〇二六", 2026), ("42", 42),
        ])
    func numerals(text: String, value: Double) {
        #expect(Numeral.value(of: Token.tokens(of: text[...]).map(\.key)) == value)
    }
}
