import Text

/// Whole numbers as they stand in messages.
enum Numeral {
    /// The value of "42", "3rd", "third", "three" or "三十五".
    static func value(of word: String) -> Int? {
        let digits = word.utf8.prefix(while: \.isDigit)
        if digits.isEmpty {
            return (English.cardinals.firstIndex(of: word) ?? English.ordinals.firstIndex(of: word)).map { $0 + 1 } ?? chinese(word)
        }
        let isWhole = ["", "st", "nd", "rd", "th"].contains { word.utf8.dropFirst(digits.count).elementsEqual($0.utf8) }
        return isWhole ? Int(Substring(digits)) : nil
    }

    /// A digit waits for its unit. Five characters at most, so nothing overflows.
    private static func chinese(_ word: String) -> Int? {
        guard 3...15 ~= word.utf8.count else { return nil }
        var (total, pending) = (0, nil as Int?)
        for scalar in word.unicodeScalars {
            guard let index = Chinese.numerals.firstIndex(of: String(scalar)) else { return nil }
            total += index < 10 ? 0 : (pending ?? 1) * (index == 10 ? 10 : 100)
            pending = index < 10 ? index : nil
        }
        return total + (pending ?? 0)
    }
}
