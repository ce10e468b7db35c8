import Models

extension StringProtocol {
    /// The beginning of the text that fits the bytes, cut between characters and marked with an ellipsis.
    func clipped(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return String(self) }
        var end = startIndex
        var size = 0
        while end < endIndex {
            let next = index(after: end)
            size += self[end..<next].utf8.count
            guard size <= limit else { break }
            end = next
        }
        return self[..<end] + "…"
    }

    /// The clipped text with every run of white space and control characters as one space.
    func oneLine(toBytes limit: Int = 120) -> String {
        var line = String.UnicodeScalarView()
        // Four times the limit: enough that a clipped text with ordinary white space still fills the line.
        for scalar in unicodeScalars.drop(while: \.isBlank).prefix(4 * limit) {
            if !scalar.isBlank {
                line.append(scalar)
            } else if line.last != " " {
                line.append(" ")
            }
        }
        if line.last == " " { line.removeLast() }
        return String(line).clipped(toBytes: limit)
    }

    func trimmed(where isJunk: (Unicode.Scalar) -> Bool) -> SubSequence {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isJunk($0) }), let last = scalars.lastIndex(where: { !isJunk($0) }) else {
            return self[endIndex...]
        }
        return self[first..<scalars.index(after: last)]
    }
}

extension Unicode.Scalar {
    var isBlank: Bool { isASCII ? value <= 0x20 || value == 0x7F : properties.isWhitespace || properties.generalCategory == .control }
}
