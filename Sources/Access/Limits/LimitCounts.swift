import Text

/// What a key has used in the minute, day and month that it was used last.
struct LimitCounts {
    private(set) var periods: LimitPeriods
    /// In the minute.
    private(set) var requests = 0
    /// In the minute.
    private(set) var tokens = 0
    /// In the day.
    private(set) var dayTokens = 0
    /// In the month.
    private(set) var cost = 0.0

    /// Nothing was used yet.
    init(at seconds: Int) { periods = LimitPeriods(at: seconds) }

    // MARK: As a file has it

    /// One write within one page of memory, so that a process that ends leaves the whole of it, or nothing.
    static let size = 256

    /// A JSON object on a line whose numbers always stand at the same places, so that it is not parsed with each request.
    private static let labels = [
        #"{"minute":"#, #","requests":"#, #","tokens":"#, #","day":"#, #","dayTokens":"#, #","month":"#, #","cost":"#,
    ].map { Array($0.utf8) }
    /// As wide as any number that is written.
    private static let width = 24
    private static let maximumCost = 1e15

    /// Reads what `serialized` wrote; nil if it is anything else.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        var counts = [Int](repeating: 0, count: Self.labels.count - 1)
        var start = 0
        for (index, label) in Self.labels.enumerated() {
            let end = start + label.count + Self.width
            guard bytes[start..<start + label.count] == label[...] else { return nil }
            let number = bytes[start + label.count..<end].drop { $0 == UInt8(ascii: " ") }
            start = end
            if index < counts.count {
                guard let count = Self.wholeNumber(number) else { return nil }
                counts[index] = count
            } else {
                guard let cost = Double(String(decoding: number, as: UTF8.self)), 0...Self.maximumCost ~= cost else { return nil }
                self.cost = cost
            }
        }
        periods = LimitPeriods(minute: counts[0], day: counts[3], month: counts[5])
        (requests, tokens, dayTokens) = (counts[1], counts[2], counts[4])
    }

    /// The value of decimal digits, without making a text of them: three of these files are read in a turn.
    private static func wholeNumber(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            let (tenfold, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = tenfold.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !overflows, !overflowsToo else { return nil }
            value = sum
        }
        return digits.isEmpty ? nil : value
    }

    var serialized: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        let counts = [periods.minute, requests, tokens, periods.day, dayTokens, periods.month]
        for (index, label) in Self.labels.enumerated() {
            bytes += label
            if index < counts.count { Self.append(counts[index], to: &bytes) } else { Self.append(cost.description, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "}"))
        bytes += repeatElement(UInt8(ascii: " "), count: max(0, Self.size - 1 - bytes.count))
        return bytes + [UInt8(ascii: "\n")]
    }

    private static func append(_ number: String, to bytes: inout [UInt8]) {
        bytes += repeatElement(UInt8(ascii: " "), count: max(0, width - number.utf8.count))
        bytes += number.utf8
    }

    /// Appends the digits of a number that is not negative, without making a text of them.
    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes += repeatElement(UInt8(ascii: " "), count: width)
        var (rest, index) = (max(0, number), start + width - 1)
        repeat {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            (rest, index) = (rest / 10, index - 1)
        } while rest > 0
    }

    // MARK: Time

    /// How far the clocks of two machines, or of one that was set, may be apart. Else each would begin the other's minute anew.
    private static let skew = 10

    /// Begins the periods of a time, with nothing used, unless they have begun.
    ///
    /// - Returns: false if the time is before the periods that were counted.
    mutating func advance(to seconds: Int) -> Bool {
        let (now, soon) = (LimitPeriods(at: seconds), LimitPeriods(at: seconds + Self.skew))
        let isBack = periods.minute > soon.minute || periods.day > soon.day || periods.month > soon.month
        if periods.minute != now.minute, periods.minute != soon.minute { (periods.minute, requests, tokens) = (now.minute, 0, 0) }
        if periods.day != now.day, periods.day != soon.day { (periods.day, dayTokens) = (now.day, 0) }
        if periods.month != now.month, periods.month != soon.month { (periods.month, cost) = (now.month, 0) }
        return !isBack
    }

    // MARK: Counting

    mutating func countRequest() { requests = requests.clampedSum(1) }

    mutating func add(_ amount: LimitAmount) {
        (tokens, dayTokens) = (tokens.clampedSum(amount.tokens), dayTokens.clampedSum(amount.tokens))
        cost = min(cost + amount.cost, Self.maximumCost)
    }

    /// Takes back what was reserved in periods, as far as they have not ended.
    mutating func remove(_ amount: LimitAmount, reservedIn reserved: LimitPeriods) {
        if periods.minute == reserved.minute { tokens = max(0, tokens - amount.tokens) }
        if periods.day == reserved.day { dayTokens = max(0, dayTokens - amount.tokens) }
        if periods.month == reserved.month { cost = max(0, cost - amount.cost) }
    }
}

/// What a turn uses.
package struct LimitAmount: Sendable {
    /// Not negative.
    package var tokens: Int
    /// Not negative.
    package var cost: Double

    package init(tokens: Int, cost: Double) { (self.tokens, self.cost) = (max(0, tokens), cost.isFinite ? max(0, cost) : 0) }
}
