import Models

/// An arithmetic expression in symbols or words.
struct Arithmetic: Sendable {
    enum Operator: Sendable {
        case add, subtract, multiply, divide, remainder, power, negate, squareRoot
    }

    enum Lexeme: Sendable {
        case number(Double)
        case sign(Operator)
        case open, close
        /// A remainder or a hundredth: what follows decides.
        case percent
        /// Only a hundredth is taken "of" something.
        case of
    }

    enum Outcome: Sendable, Equatable {
        case value(Double)
        case dividedByZero
        case tooLarge
        case undefined
    }

    /// The expression as it was written.
    let expression: String
    let outcome: Outcome

    /// Nothing unless all of the text is a calculation, polite words around it aside.
    init?(_ text: Substring) {
        var lexer = ArithmeticLexer(text)
        guard let lexemes = lexer.lexemes(), let outcome = Self.evaluate(lexemes) else { return nil }
        expression = lexer.expression.oneLine()
        self.outcome = outcome
    }
}

extension Arithmetic {
    /// Precedence without recursion (Dijkstra's shunting yard): nesting costs memory, not stack.
    private static func evaluate(_ lexemes: [Lexeme]) -> Outcome? {
        var stack = Stack()
        var expectsOperand = true
        var calculates = false
        for (index, lexeme) in lexemes.enumerated() {
            switch lexeme {
            case .number(let number):
                guard expectsOperand else { return nil }
                stack.values.append(number)
                expectsOperand = false
            case .open:
                guard expectsOperand else { return nil }
                stack.signs.append(nil)
            case .close:
                guard !expectsOperand, stack.closeParenthesis() else { return nil }
            case .sign(.squareRoot):
                guard expectsOperand else { return nil }
                stack.signs.append(.squareRoot)
                calculates = true
            case .sign(let sign) where expectsOperand:
                guard sign == .add || sign == .subtract else { return nil }
                if sign == .subtract { stack.signs.append(.negate) }
            case .sign(let sign):
                stack.push(sign)
                expectsOperand = true
                calculates = true
            case .percent:
                guard !expectsOperand else { return nil }
                calculates = true
                if index + 1 < lexemes.count, lexemes[index + 1].startsOperand {
                    stack.push(.remainder)
                    expectsOperand = true
                } else {
                    stack.values.append((stack.values.popLast() ?? 0) / 100)
                }
            case .of:
                if expectsOperand { continue }
                guard index > 0, case .percent = lexemes[index - 1] else { return nil }
                stack.push(.multiply)
                expectsOperand = true
            }
        }
        guard calculates, !expectsOperand, let value = stack.finish() else { return nil }
        if stack.dividedByZero { return .dividedByZero }
        if value.isNaN { return .undefined }
        return value.isInfinite ? .tooLarge : .value(value)
    }

    private struct Stack {
        var values: [Double] = []
        /// `nil` is an open parenthesis.
        var signs: [Operator?] = []
        var dividedByZero = false

        mutating func push(_ sign: Operator) {
            while case .some(.some(let top)) = signs.last, top.precedence >= sign.precedence + (sign == .power ? 1 : 0) { apply(top) }
            signs.append(sign)
        }

        mutating func closeParenthesis() -> Bool {
            while case .some(.some(let top)) = signs.last { apply(top) }
            return signs.popLast() != nil
        }

        mutating func finish() -> Double? {
            while case .some(.some(let top)) = signs.last { apply(top) }
            return signs.isEmpty && values.count == 1 ? values[0] : nil
        }

        private mutating func apply(_ sign: Operator) {
            signs.removeLast()
            let right = values.popLast() ?? .nan
            switch sign {
            case .negate: return values.append(-right)
            case .squareRoot: return values.append(right.squareRoot())
            default: break
            }
            let left = values.popLast() ?? .nan
            if sign == .divide || sign == .remainder, right == 0 { dividedByZero = true }
            values.append(sign.result(left, right))
        }
    }
}

extension Arithmetic.Lexeme {
    fileprivate var startsOperand: Bool {
        switch self {
        case .number, .open, .sign(.squareRoot): true
        default: false
        }
    }
}
