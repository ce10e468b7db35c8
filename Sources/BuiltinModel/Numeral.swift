/// Whole numbers as they stand in messages.
enum Numeral {
    private static let endings: StaticString = "st nd rd th"

    /// The value of "42", "3rd", "third", "three" or "三十五".
    static func value(of word: ArraySlice<UInt8>) -> Int? {
        let digits = word.prefix(while: \.isDigit)
        let ending = word[digits.endIndex...]
        guard digits.isEmpty else {
            return ending.isEmpty || endings.index(of: ending) != nil ? Int(String(decoding: digits, as: UTF8.self)) : nil
        }
        return (English.cardinals.index(of: word) ?? English.ordinals.index(of: word)).map { $0 + 1 } ?? chinese(word)
    }

    /// A digit waits for its unit. Five characters at most, so nothing overflows.
    private static func chinese(_ word: ArraySlice<UInt8>) -> Int? {
        guard 3...15 ~= word.count, word.count.isMultiple(of: 3) else { return nil }
        var (total, pending) = (0, nil as Int?)
        for start in stride(from: word.startIndex, to: word.endIndex, by: 3) {
            guard let index = Chinese.numerals.index(of: word[start..<start + 3]) else { return nil }
            if index < 10 {
                pending = index
            } else {
                total += (pending ?? 1) * (index == 10 ? 10 : 100)
                pending = nil
            }
        }
        return total + (pending ?? 0)
    }
}
