import Glibc

/// Calculates as it reads, with precedence but without recursion (Dijkstra's shunting yard): nesting costs memory, not stack.
struct Calculator {
    /// The tens of a sign's value are its precedence. A filler says nothing within a calculation ("divided by"), an aside around
    /// one; "of" multiplies ("15% of 80") unless a number is due ("to the power of").
    enum Sign: Int, Sendable {
        case open, close, percent, filler, aside
        case add = 10, subtract, multiply = 20, divide, of, negate = 30, power = 40
    }

    private var (values, signs) = ([] as [Double], [] as [Sign])
    private var (expectsOperand, calculates) = (true, false)

    /// Takes a number, or returns false if none may stand here.
    mutating func take(_ number: Double) -> Bool {
        guard expectsOperand else { return false }
        values.append(number)
        expectsOperand = false
        return true
    }

    /// Takes a sign, or returns false if it may not stand here.
    mutating func take(_ sign: Sign) -> Bool {
        if expectsOperand {
            if sign == .of { return true }
            if sign != .add { signs.append(sign == .subtract ? .negate : .open) }
            return sign == .open || sign == .subtract || sign == .add
        }
        if sign == .close {
            while let top = signs.popLast() {
                if top == .open { return true }
                apply(top)
            }
            return false
        }
        calculates = true
        if sign == .percent {
            values.append((values.popLast() ?? 0) / 100)
        } else {
            // The last of several powers comes first.
            while let top = signs.last, top.rawValue / 10 >= sign.rawValue / 10 + (sign == .power ? 1 : 0) { apply(signs.removeLast()) }
            signs.append(sign)
            expectsOperand = true
        }
        return sign != .open
    }

    /// The result, not finite if there is none; nothing if there was nothing to calculate or something is missing.
    mutating func result() -> Double? {
        guard calculates, !expectsOperand, !signs.contains(.open) else { return nil }
        while let top = signs.popLast() { apply(top) }
        return values.last
    }

    private mutating func apply(_ sign: Sign) {
        let right = values.popLast() ?? .nan
        let left = sign == .negate ? 0 : values.popLast() ?? .nan
        switch sign {
        case .add: values.append(left + right)
        case .subtract: values.append(left - right)
        case .multiply, .of: values.append(left * right)
        case .divide: values.append(right == 0 ? .nan : left / right)
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

    private var exactInteger: Int64? { magnitude <= 0x1p53 ? Int64(exactly: self) : nil }
}
