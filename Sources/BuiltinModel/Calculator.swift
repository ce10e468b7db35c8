import Glibc

/// Calculates as it reads, with precedence but without recursion (Dijkstra's shunting yard): nesting costs memory, not stack.
struct Calculator {
    enum Sign: Int, Sendable {
        case open, close, percent, of
        /// Says nothing within a calculation ("divided by"), or around one.
        case filler, aside
        case add = 10, subtract
        case multiply = 20, divide
        case negate = 30
        case power = 40

        fileprivate var precedence: Int { rawValue / 10 }
    }

    enum Outcome: Sendable, Equatable {
        case value(Double)
        case dividedByZero, tooLarge, undefined
    }

    private var values: [Double] = []
    private var signs: [Sign] = []
    private var last: Sign?
    private var expectsOperand = true
    private var calculates = false
    private var dividedByZero = false

    /// Takes a number, or returns false if none may stand here.
    mutating func take(_ number: Double) -> Bool {
        guard expectsOperand else { return false }
        values.append(number)
        expectsOperand = false
        return true
    }

    /// Takes a sign, or returns false if it may not stand here.
    mutating func take(_ sign: Sign) -> Bool {
        defer { last = sign }
        if expectsOperand {
            if sign == .open || sign == .subtract { signs.append(sign == .open ? .open : .negate) }
            return [.open, .subtract, .add, .of].contains(sign)
        }
        switch sign {
        case .close:
            while let top = signs.popLast() {
                if top == .open { return true }
                apply(top)
            }
            return false
        case .percent: values.append((values.popLast() ?? 0) / 100)
        // Only hundredths are taken "of" something.
        case .of: return last == .percent && take(.multiply)
        case .add, .subtract, .multiply, .divide, .power:
            while let top = signs.last, top.precedence >= sign.precedence + (sign == .power ? 1 : 0) { apply(signs.removeLast()) }
            signs.append(sign)
            expectsOperand = true
        default: return false
        }
        calculates = true
        return true
    }

    /// The result, or nothing if there was nothing to calculate or something is missing.
    mutating func outcome() -> Outcome? {
        guard calculates, !expectsOperand, !signs.contains(.open) else { return nil }
        while let top = signs.popLast() { apply(top) }
        return dividedByZero ? .dividedByZero : values[0].isNaN ? .undefined : values[0].isInfinite ? .tooLarge : .value(values[0])
    }

    private mutating func apply(_ sign: Sign) {
        let right = values.popLast() ?? .nan
        let left = sign == .negate ? 0 : values.popLast() ?? .nan
        dividedByZero = dividedByZero || sign == .divide && right == 0
        switch sign {
        case .add: values.append(left + right)
        case .subtract: values.append(left - right)
        case .multiply: values.append(left * right)
        case .divide: values.append(left / right)
        case .power: values.append(pow(left, right))
        default: values.append(-right)
        }
    }
}

extension Double {
    /// An exact integer up to 2^53, else twelve significant digits.
    var plain: String {
        if let exactInteger { return String(exactInteger) }
        let places = 11 - log10(magnitude).rounded(.down)
        guard places.magnitude < 290 else { return description }
        let scale = pow(10, places.magnitude)
        let rounded = places < 0 ? (self / scale).rounded() * scale : (self * scale).rounded() / scale
        return rounded.exactInteger.map { String($0) } ?? rounded.description
    }

    /// All integers up to 2^53 have a value of their own.
    private var exactInteger: Int64? { magnitude <= 0x1p53 ? Int64(exactly: self) : nil }
}
