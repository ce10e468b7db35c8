import Chat
import Models

extension String {
    /// The text word by word, each with the white space after it; Han characters, which nothing separates, one by one. Joined, they are
    /// the text.
    var pieces: [Substring] {
        var pieces: [Substring] = []
        var start = startIndex
        for index in indices {
            let next = self.index(after: index)
            let endsPiece = self[index].isWhitespace ? next == endIndex || !self[next].isWhitespace : self[index].isHan
            // White space after a Han character belongs to it, as it does to a word.
            guard endsPiece, next == endIndex || self[index].isWhitespace || !self[next].isWhitespace else { continue }
            pieces.append(self[start..<next])
            start = next
        }
        if start < endIndex { pieces.append(self[start...]) }
        return pieces
    }
}

extension Character {
    fileprivate var isHan: Bool { unicodeScalars.first?.isHan == true }
}
