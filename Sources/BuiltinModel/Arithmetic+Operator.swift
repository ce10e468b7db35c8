import Models

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension Arithmetic.Operator {
    var precedence: Int {
        switch self {
        case .add, .subtract: 1
        case .multiply, .divide, .remainder: 2
        case .negate: 3
        case .power: 4
        case .squareRoot: 5
        }
    }

    func result(_ left: Double, _ right: Double) -> Double {
        switch self {
        case .add: left + right
        case .subtract: left - right
        case .multiply: left * right
        case .divide: left / right
        case .remainder: left.truncatingRemainder(dividingBy: right)
        case .power: pow(left, right)
        case .negate, .squareRoot: .nan
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

    /// The number as an integer, where all integers up to it have a value of their own: up to 2^53.
    private var exactInteger: Int64? { magnitude <= 0x1p53 ? Int64(exactly: self) : nil }
}
