extension StringProtocol {
    /// The beginning of the text that fits the bytes, cut between characters and marked with an ellipsis.
    func truncated(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return String(self) }
        // No more than the scalar behind the limit is looked at: one character may have a million scalars.
        let window = self[..<(utf8.index(startIndex, offsetBy: limit + 8, limitedBy: endIndex) ?? endIndex)]
        let end = window.indices.last { window.utf8.distance(from: startIndex, to: $0) <= limit } ?? startIndex
        return self[..<end] + "…"
    }

    /// The truncated text with every run of white space and control characters as one space.
    func oneLine(toBytes limit: Int = 120) -> String {
        var line = String.UnicodeScalarView()
        // Four times the limit: enough to fill the line from a text with ordinary white space.
        for scalar in unicodeScalars.drop(while: \.isBlank).prefix(4 * limit) where !scalar.isBlank || line.last != " " {
            line.append(scalar.isBlank ? " " : scalar)
        }
        if line.last == " " { line.removeLast() }
        return String(line).truncated(toBytes: limit)
    }
}

extension Unicode.Scalar {
    var isBlank: Bool { isASCII ? value <= 0x20 || value == 0x7F : properties.isWhitespace || properties.generalCategory == .control }
}
