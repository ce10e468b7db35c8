import Text

/// A calculation in symbols or words.
struct Arithmetic: Sendable, Equatable {
    /// The calculation as it was written.
    let expression: String
    /// Not finite if there is none.
    let result: Double

    /// Nothing unless all of the text is a calculation, words around it that say nothing aside.
    init?(_ text: [UInt8]) {
        var calculator = Calculator()
        var (start, end, index, hasEnded) = (nil as Int?, 0, 0, false)
        while index < text.count, text.count <= 32_768 {
            let first = index
            if text[index] <= 0x20 {
                index += 1
                continue
            }
            if let number = Self.number(text, &index) {
                guard calculator.take(number) else { return nil }
            } else {
                let word = Self.word(text, &index)
                switch English.sign(word) ?? Chinese.sign(word) {
                case .filler: continue
                case .aside:
                    hasEnded = start != nil
                    continue
                case let sign?: guard calculator.take(sign) else { return nil }
                case nil: guard let number = Numeral.value(of: word), calculator.take(Double(number)) else { return nil }
                }
            }
            guard !hasEnded else { return nil }
            (start, end) = (start ?? first, index)
        }
        guard let start, let result = calculator.result() else { return nil }
        guard text.contains(UInt8(ascii: "=")) || !Self.isDateOrTelephoneNumber(text[start..<end]) else { return nil }
        (expression, self.result) = (String(decoding: text[start..<end], as: UTF8.self).oneLine(), result)
    }

    private static func number(_ text: [UInt8], _ index: inout Int) -> Double? {
        var (digits, place) = ("", index)
        // The conversion is not linear; the largest number has 309 digits.
        while place < text.count, digits.utf8.count <= 400 {
            let digitsFollow = text[(place + 1)...].prefix(4).prefix(while: \.isDigit).count
            if text[place].isDigit || text[place] == UInt8(ascii: ".") && digitsFollow > 0 && !digits.utf8.contains(text[place]) {
                digits.unicodeScalars.append(Unicode.Scalar(text[place]))
            } else if digits.isEmpty || text[place] != UInt8(ascii: ",") || digitsFollow != 3 {
                break
            }
            place += 1
        }
        guard !digits.isEmpty, digits.utf8.count <= 400 else { return nil }
        index = place
        return Double("0" + digits)
    }

    /// A run of letters in lower case, at most 16 of them, or one symbol.
    private static func word(_ text: [UInt8], _ index: inout Int) -> String {
        let start = index
        index += text[start...].prefix(16).prefix { $0.lowercased.isWord && $0 < 0x80 && !$0.isDigit }.count
        if index == start {
            repeat { index += 1 } while index < text.count && text[index].isContinuation
            if let pair = ["**", "一下"].first(where: { text[start...].starts(with: $0.utf8) }) { index = start + pair.utf8.count }
        }
        return String(decoding: text[start..<index].map(\.lowercased), as: UTF8.self)
    }

    /// 2026-11-23, 11/23/2026 and 555-1234 are differences and quotients in form only.
    private static func isDateOrTelephoneNumber(_ expression: ArraySlice<UInt8>) -> Bool {
        "-/".utf8.contains { sign in
            let groups = expression.split(separator: sign, omittingEmptySubsequences: false)
            guard groups.count > 1, groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else { return false }
            let isPadded = groups.contains { $0.count > 1 && $0.first == UInt8(ascii: "0") }
            return groups.count > 2 || isPadded || groups.allSatisfy { $0.count > 2 } && groups.contains { $0.count > 3 }
        }
    }
}
