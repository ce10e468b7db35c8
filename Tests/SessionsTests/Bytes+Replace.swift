import Testing

extension [UInt8] {
    /// Replaces the first occurrence of a text.
    mutating func replace(_ text: String, _ other: String) {
        guard let range = firstRange(of: Array(text.utf8)) else {
            Issue.record("\(text) is not there")
            return
        }
        replaceSubrange(range, with: other.utf8)
    }
}
