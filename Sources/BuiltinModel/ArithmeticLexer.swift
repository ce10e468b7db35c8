import Chat
import JSON
import Models

/// Takes a calculation apart. One pass; anything that does not belong to a calculation ends it.
struct ArithmeticLexer {
    private let text: Substring
    private var index: String.Index
    private var output: [Arithmetic.Lexeme] = []
    private var numeral: Numeral?
    /// From the first to the last part that is not a polite word.
    private var extent: Range<String.Index>?
    private var hasEnded = false
    private var shape = Shape()

    init(_ text: Substring) {
        self.text = text
        index = text.startIndex
    }

    var expression: Substring { extent.map { text[$0] } ?? "" }

    mutating func lexemes() -> [Arithmetic.Lexeme]? {
        while index < text.endIndex {
            let start = index
            let scalar = advance()
            let accepted =
                switch scalar {
                case _ where scalar.isBlank: blank()
                case _ where scalar.digit != nil: number(from: start)
                case "." where digitFollows(start): number(from: start)
                case _ where scalar.isHan: word(String(scalar), from: start)
                case _ where scalar.isWord: word(from: start)
                default: symbol(scalar, from: start)
                }
            guard accepted else { return nil }
        }
        flushNumeral()
        return shape.isDateOrTelephoneNumber ? nil : output
    }

    private var peek: Unicode.Scalar? { index < text.endIndex ? text.unicodeScalars[index] : nil }

    private mutating func advance() -> Unicode.Scalar {
        defer { index = text.unicodeScalars.index(after: index) }
        return text.unicodeScalars[index]
    }

    private mutating func blank() -> Bool {
        shape.isSpaced = shape.isSpaced || extent != nil && !hasEnded && peek?.isBlank == false
        return true
    }

    private mutating func append(_ lexeme: Arithmetic.Lexeme, from start: String.Index) -> Bool {
        flushNumeral()
        output.append(lexeme)
        return extend(from: start)
    }

    private mutating func extend(from start: String.Index) -> Bool {
        extent = (extent?.lowerBound ?? start)..<index
        return !hasEnded
    }

    private mutating func polite() -> Bool {
        hasEnded = extent != nil
        return true
    }

    private mutating func flushNumeral() {
        if let numeral { output.append(.number(numeral.value)) }
        numeral = nil
    }

    private mutating func number(from start: String.Index) -> Bool {
        var digits = ""
        var fraction = false
        index = start
        while let scalar = peek {
            if let digit = scalar.digit {
                digits += digit
            } else if scalar == ".", !fraction, digitFollows(index) {
                digits += digits.isEmpty ? "0." : "."
                fraction = true
            } else if scalar != "," || fraction || !hasThousands(after: index) {
                break
            }
            _ = advance()
            // The conversion is not linear; the largest number has 309 digits.
            guard digits.utf8.count <= 400 else { return false }
        }
        guard let value = Double(digits) else { return false }
        shape.add(number: digits, isInteger: !fraction)
        return append(.number(value), from: start)
    }

    private func digitFollows(_ index: String.Index) -> Bool {
        text.unicodeScalars[index...].dropFirst().first?.digit != nil
    }

    private func hasThousands(after comma: String.Index) -> Bool {
        let next = text.unicodeScalars[comma...].dropFirst().prefix(4)
        return next.count >= 3 && next.prefix(3).allSatisfy { $0.digit != nil } && (next.count == 3 || next.last?.digit == nil)
    }

    private mutating func word(from start: String.Index) -> Bool {
        while let scalar = peek, scalar.isWord && !scalar.isHan && scalar.digit == nil || scalar == "'" || scalar == "’" { _ = advance() }
        guard text.utf8.distance(from: start, to: index) <= 16 else { return false }
        return word(text[start..<index].lowercased(), from: start)
    }

    private mutating func word(_ word: String, from start: String.Index) -> Bool {
        if let lexemes = ArithmeticWords.lexemes[word] {
            return lexemes.allSatisfy { append($0, from: start) }
        }
        if word == "一", peek == "下" {
            _ = advance()
            return polite()
        }
        if numeral == nil, let unit = Numeral.unit(word), case .number(let value)? = output.last {
            output[output.count - 1] = .number(value * unit)
            return extend(from: start)
        }
        var reading = numeral ?? Numeral()
        if reading.read(word) {
            numeral = reading
            shape.add(number: "", isInteger: false)
            return extend(from: start)
        }
        if ArithmeticWords.glue.contains(word) { return word != "square" || extend(from: start) }
        return ArithmeticWords.polite.contains(word) && polite()
    }

    private mutating func symbol(_ scalar: Unicode.Scalar, from start: String.Index) -> Bool {
        if scalar == "*", peek == "*" {
            _ = advance()
            return append(.sign(.power), from: start)
        }
        if let lexeme = ArithmeticWords.symbols[scalar] {
            shape.add(sign: scalar)
            return append(lexeme, from: start)
        }
        if scalar == "=" || scalar == "＝" { shape.isEquation = true }
        return ArithmeticWords.punctuation.contains(scalar) && polite()
    }
}

extension ArithmeticLexer {
    /// 2026-11-23, 11/23/2026 and 555-1234 are differences and quotients in form only.
    private struct Shape {
        var isSpaced = false
        var isEquation = false
        private var groups = 0
        private var widths: [Int] = []
        private var hasLeadingZero = false
        private var isPlain = true
        private var signs: Set<Unicode.Scalar> = []

        var isDateOrTelephoneNumber: Bool {
            guard isPlain, !isEquation, !isSpaced, signs == ["-"] || signs == ["/"] else { return false }
            return hasLeadingZero || groups > 2 || widths.allSatisfy { $0 >= 3 } && widths.contains { $0 > 3 }
        }

        mutating func add(number digits: String, isInteger: Bool) {
            isPlain = isPlain && isInteger
            hasLeadingZero = hasLeadingZero || digits.utf8.count > 1 && digits.hasPrefix("0")
            groups += 1
            if widths.count < 2 { widths.append(digits.utf8.count) }
        }

        mutating func add(sign: Unicode.Scalar) {
            signs.insert(sign)
        }
    }
}

extension Unicode.Scalar {
    /// The ASCII form of an ordinary or a full-width digit.
    fileprivate var digit: String? {
        switch value {
        case 0x30...0x39: String(self)
        case 0xFF10...0xFF19: Unicode.Scalar(value - 0xFF10 + 0x30).map(String.init)
        default: nil
        }
    }
}
