import Chat
import JSON
import Models

/// A number in words, read from left to right: "two hundred five", "三百零五".
struct Numeral {
    private var total = 0.0
    private var pending: Double?

    /// The number read so far.
    var value: Double { total + (pending ?? 0) }

    /// Reads a word, or tells that it does not belong to a number.
    mutating func read(_ word: String) -> Bool {
        if let digit = Self.digits[word] {
            // "twenty five" adds, "二〇二六" shifts.
            if let before = pending, before >= 20, before.truncatingRemainder(dividingBy: 10) == 0, digit < 10, !word.isHan {
                pending = before + digit
            } else if let before = pending {
                guard word.isHan else { return false }
                pending = before * 10 + digit
            } else {
                pending = digit
            }
        } else if let unit = Self.units[word] {
            if unit >= 1000, !word.isHan || unit >= 10_000 {
                let factor = value.truncatingRemainder(dividingBy: unit)
                total = value - factor + (factor == 0 ? 1 : factor) * unit
            } else {
                total += (pending ?? 1) * unit
            }
            pending = nil
        } else {
            return false
        }
        return true
    }

    /// The number that the words are, or digits are.
    static func value(of words: [String]) -> Double? {
        if words.count == 1, let number = Double(words[0]), number.isFinite, words[0].first?.isNumber == true { return number }
        guard !words.isEmpty else { return nil }
        var numeral = Numeral()
        for word in words where !numeral.read(word) { return nil }
        return numeral.value
    }

    static func unit(_ word: String) -> Double? { units[word] }

    private static let digits: [String: Double] = [
        "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
        "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
        "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
        "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    ]
    private static let units: [String: Double] = [
        "hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1e9,
        "十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 1e8,
    ]
}

extension String {
    fileprivate var isHan: Bool { unicodeScalars.first?.isHan ?? false }
}
