/// A calculation in symbols or words.
struct Arithmetic: Sendable, Equatable {
    /// The calculation as it was written.
    let expression: String
    let outcome: Calculator.Outcome

    private static let readableBytes = 65_536

    /// Nothing unless all of the text is a calculation, words around it that say nothing aside.
    init?(_ text: [UInt8]) {
        var calculator = Calculator()
        var extent: Range<Int>?
        var hasEnded = false
        var index = text.count > Self.readableBytes ? text.count : 0
        while index < text.count {
            let start = index
            if Self.isNumber(text, at: index) {
                guard let number = Self.number(text, &index), calculator.take(number) else { return nil }
            } else if text[index] <= 0x20 {
                index += 1
                continue
            } else {
                let word = Self.word(text, &index)
                let known = [English.calculation, Chinese.calculation].lazy.joined().first { $0.1.index(of: word) != nil }
                switch known?.0 {
                case .filler: continue
                case .aside:
                    hasEnded = extent != nil
                    continue
                case let sign?: guard calculator.take(sign) else { return nil }
                case nil: guard let number = Numeral.value(of: word), calculator.take(Double(number)) else { return nil }
                }
            }
            guard !hasEnded else { return nil }
            extent = (extent?.lowerBound ?? start)..<index
        }
        guard let extent, let outcome = calculator.outcome() else { return nil }
        guard text.contains(UInt8(ascii: "=")) || !Self.isDateOrTelephoneNumber(text[extent]) else { return nil }
        (expression, self.outcome) = (String(decoding: text[extent], as: UTF8.self).oneLine(), outcome)
    }

    private static func isNumber(_ text: [UInt8], at index: Int) -> Bool {
        text[index].isDigit || text[index] == UInt8(ascii: ".") && index + 1 < text.count && text[index + 1].isDigit
    }

    private static func number(_ text: [UInt8], _ index: inout Int) -> Double? {
        var digits = ""
        // The conversion is not linear; the largest number has 309 digits.
        while index < text.count, digits.utf8.count <= 400 {
            if text[index].isDigit || isNumber(text, at: index) && !digits.utf8.contains(text[index]) {
                digits.unicodeScalars.append(Unicode.Scalar(text[index]))
            } else if text[index] != UInt8(ascii: ",") || text[(index + 1)...].prefix(4).prefix(while: \.isDigit).count != 3 {
                break
            }
            index += 1
        }
        return digits.utf8.count > 400 ? nil : Double("0" + digits)
    }

    /// A run of letters in lower case, at most 16 of them, or one symbol.
    private static func word(_ text: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        let start = index
        index += text[start...].prefix(16).prefix { $0.lowercased.isWord && $0 < 0x80 && !$0.isDigit }.count
        if index == start {
            repeat { index += 1 } while index < text.count && text[index].isContinuation
            if let pair = ["**", "一下"].first(where: { text[start...].starts(with: $0.utf8) }) { index = start + pair.utf8.count }
        }
        return text[start..<index].map(\.lowercased)[...]
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
