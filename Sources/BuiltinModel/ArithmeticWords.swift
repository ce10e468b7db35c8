import Models

/// The words and symbols of calculations.
enum ArithmeticWords {
    static let symbols: [Unicode.Scalar: Arithmetic.Lexeme] = [
        "+": .sign(.add), "＋": .sign(.add), "-": .sign(.subtract), "−": .sign(.subtract), "－": .sign(.subtract), "–": .sign(.subtract),
        "*": .sign(.multiply), "×": .sign(.multiply), "·": .sign(.multiply), "⋅": .sign(.multiply), "＊": .sign(.multiply),
        "/": .sign(.divide), "÷": .sign(.divide), "／": .sign(.divide), "^": .sign(.power), "√": .sign(.squareRoot),
        "%": .percent, "％": .percent, "(": .open, "（": .open, ")": .close, "）": .close,
    ]

    static let lexemes: [String: [Arithmetic.Lexeme]] = [
        "plus": [.sign(.add)], "minus": [.sign(.subtract)], "times": [.sign(.multiply)], "multiplied": [.sign(.multiply)],
        "x": [.sign(.multiply)], "divided": [.sign(.divide)], "over": [.sign(.divide)], "mod": [.sign(.remainder)],
        "modulo": [.sign(.remainder)], "power": [.sign(.power)], "percent": [.percent], "of": [.of],
        "squared": [.sign(.power), .number(2)], "cubed": [.sign(.power), .number(3)], "root": [.sign(.squareRoot)],
        "sqrt": [.sign(.squareRoot)], "加": [.sign(.add)], "减": [.sign(.subtract)], "減": [.sign(.subtract)],
        "乘": [.sign(.multiply)], "除": [.sign(.divide)],
    ]

    /// Words inside a calculation that say nothing: "divided by", "除以".
    static let glue: Set = ["by", "to", "the", "square", "raised", "以", "上", "去"]

    /// Words around a calculation.
    static let polite: Set = [
        "what", "what's", "what’s", "whats", "is", "calculate", "compute", "evaluate", "solve", "how", "much", "many", "does", "do", "me",
        "tell", "please", "pls", "can", "could", "you", "equal", "equals", "result", "value", "answer", "hi", "hello", "hey", "ok", "okay",
        "and", "so", "then", "now", "make", "makes", "give", "for", "us", "thanks", "nanobot", "work", "out", "know", "sum",
        "请", "問", "问", "计", "計", "算", "帮", "我", "你", "您", "好", "等", "于", "於", "几", "幾", "多", "少", "是", "得", "的", "结", "果",
        "吗", "呢", "啊", "那", "么", "下", "出", "告", "诉", "谢",
    ]

    static let punctuation: Set<Unicode.Scalar> = [
        "=", "＝", "?", "？", "!", "！", ".", "。", ",", "，", ":", "：", ";", "；", "\"", "`", "“", "”",
    ]
}
