import BuiltinModel
import Chat
import Models
import TestSupport
import Testing

/// Whatever number stands in a message, the built-in model answers: a trap here would be the end of every chat of the process.
@Suite("Any number in a message")
struct NumberPropertyTests {
    private static let operators: [(text: String, apply: @Sendable (Double, Double) -> Double)] = [
        ("+", { $0 + $1 }), ("-", { $0 - $1 }), ("*", { $0 * $1 }), ("/", { $0 / $1 }),
    ]

    @Test("sums at the limits of every type have the right value", arguments: LimitNumbers.integers)
    func sums(left: String) async throws {
        for right in LimitNumbers.integers {
            for (sign, apply) in Self.operators where !(sign == "/" && right.drop(while: { $0 == "-" }) == "0") {
                let answer = await BuiltinModel.make.answer("\(left) \(sign) \(right)")
                let value = try #require(answer.split(separator: "= ").last.flatMap { Double($0) }, "\(answer)")
                let expected = apply(Double(left) ?? .nan, Double(right) ?? .nan)
                // Twelve digits of it are told.
                #expect(abs(value - expected) <= abs(expected) * 1e-11, "\(answer)")
            }
        }
    }

    /// What the rules take numbers in.
    private static let templates = [
        "#", "-#", "#^#", "#-#", "# ** -#", "√#", "#%", "#% of #", "#!", "0-2^#", "#*#*#", "square root of -#", "# mod #",
        "I am # years old.",
        "my name is Bob. what is #-#?", "What did I ask # questions ago?", "what was my #th question?", "what was my # last message",
        "what was question number #", "show me my -# question", "my lucky number is #. What is my lucky number?", "remember #",
        "What is the date #?", "我今年#岁", "我#岁", "#加#等于多少", "#减#", "我第#个问题是什么", "我倒数第#个问题是什么", "我在#个问题之前问了什么", "#万", "#亿亿亿", "两#",
        "# million billion billion billion", "twenty # hundred", "summarize #", "what year is #", "#:#", "#/#/#", "1,#", "#.#", "#e#",
    ]

    @Test("every rule takes every number", arguments: templates)
    func rules(template: String) async {
        for number in LimitNumbers.texts {
            let message = template.replacing("#", with: number)
            for answer in [
                await BuiltinModel.make.answer(message), await BuiltinModel.make.answer(message, after: ["one", message, "three"]),
                await BuiltinModel.make.answer("How old am I?", after: [message]),
                await BuiltinModel.make.answer("Summarize our discussion", after: [message]),
            ] {
                #expect(!answer.isEmpty && answer.utf8.count <= 4096, "\(message)")
            }
        }
    }

    @Test("any words and numbers together have an answer", arguments: TestLength.seeds(40))
    func anything(seed: UInt64) async {
        var generator = SplitMix64(seed: seed)
        let words =
            Self.templates.flatMap { $0.split(separator: " ").map(String.init) } + LimitNumbers.texts + ["(", ")", "^", "+", "的", "，"]
        var said: [String] = []
        for _ in 0..<50 {
            let message = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                words.randomElement(using: &generator)?.replacing("#", with: LimitNumbers.texts.randomElement(using: &generator) ?? "")
                    ?? ""
            }.joined(separator: Bool.random(using: &generator) ? " " : "")
            let answer = await BuiltinModel.make.answer(message, after: said)
            #expect(!answer.isEmpty && answer.utf8.count <= 4096, "\(message)")
            said = said.suffix(4) + [message]
        }
    }
}
