/// A run of words in a text. No `Range`: its metadata takes a new process as long as the first answer.
struct Words: Sendable {
    let start, end: Int
}

/// Tries words against phrases, which stand one a line and are matched as they stand: nothing is compiled when the program starts.
///
/// Words are literal, `(a|b c|)` is a choice, which may be empty, `[a|b]` is one that is captured, `*` captures one or more words,
/// `~` skips any number of words, and a `?` at the end wants a question. In Chinese each character is a word.
/// It recurses once for each hole and choice, so no deeper than a phrase is written.
struct Phrase {
    private let spelling: [UInt8]
    private let words: Words
    private let isAsked: Bool
    private var phrases = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    init(_ spelling: [UInt8], _ words: Words, isAsked: Bool = false) {
        (self.spelling, self.words, self.isAsked) = (spelling, words, isAsked)
    }

    func matches(_ phrases: StaticString) -> Bool { first(of: phrases) { _ in true } ?? false }

    /// What `meaning` makes of the captures of the first phrase that covers the words, passing over those of which it makes nothing.
    func first<Meaning>(of phrases: StaticString, _ meaning: ([Words]) -> Meaning?) -> Meaning? {
        phrases.withUTF8Buffer { phrases in
            var (matcher, line) = (self, 0)
            matcher.phrases = phrases
            while line < phrases.count {
                if let captures = matcher.captures(line, words.start), let meaning = meaning(captures) { return meaning }
                line = phrases.next(UInt8(ascii: "\n"), from: line) + 1
            }
            return nil
        }
    }

    private func captures(_ rest: Int, _ start: Int) -> [Words]? {
        var (position, place) = (rest, start)
        while position < phrases.count, phrases[position] != UInt8(ascii: "\n") {
            switch phrases[position] {
            case UInt8(ascii: " "): position += 1
            case UInt8(ascii: "("), UInt8(ascii: "["): return capturesOfChoice(position, skipped(place))
            case UInt8(ascii: "*"), UInt8(ascii: "~"): return capturesOfHole(position, skipped(place))
            case UInt8(ascii: "?"):
                guard isAsked else { return nil }
                position += 1
            default: guard matchesWord(&position, &place) else { return nil }
            }
        }
        return skipped(place) == words.end ? [] : nil
    }

    private func capturesOfHole(_ position: Int, _ start: Int) -> [Words]? {
        let isCaptured = phrases[position] == UInt8(ascii: "*")
        var end = isCaptured ? start + 1 : start
        while end <= words.end {
            if isBoundary(end), let rest = captures(position + 1, end) { return isCaptured ? [Words(start: start, end: end)] + rest : rest }
            end += 1
        }
        return nil
    }

    private func capturesOfChoice(_ open: Int, _ start: Int) -> [Words]? {
        let isCaptured = phrases[open] == UInt8(ascii: "[")
        let close = phrases.next(UInt8(ascii: isCaptured ? "]" : ")"), from: open)
        var position = open
        while position < close {
            position += 1
            var (end, fits) = (start, true)
            while fits, position < close, phrases[position] != UInt8(ascii: "|") {
                if phrases[position] == UInt8(ascii: " ") { position += 1 } else { fits = matchesWord(&position, &end) }
            }
            if fits, let rest = captures(close + 1, end) { return isCaptured ? [Words(start: start, end: end)] + rest : rest }
            position = min(phrases.next(UInt8(ascii: "|"), from: position), close)
        }
        return nil
    }

    /// Moves both behind the word, or the character of a Chinese one; one that does not fit may be left anywhere within it.
    private func matchesWord(_ position: inout Int, _ place: inout Int) -> Bool {
        place = skipped(place)
        repeat {
            guard place < words.end, spelling[place] == phrases[position] else { return false }
            (position, place) = (position + 1, place + 1)
        } while position < phrases.count && (phrases[position].isWord || phrases[position].isContinuation)
        return isBoundary(place)
    }

    private func skipped(_ place: Int) -> Int {
        var place = place
        while place < words.end, spelling[place].isPause { place += 1 }
        return place
    }

    /// True between words.
    private func isBoundary(_ place: Int) -> Bool {
        guard place > words.start, place < words.end else { return true }
        let (before, after) = (spelling[place - 1], spelling[place])
        guard after.isWord else { return !after.isContinuation }
        return before.isContinuation ? !spelling[place - 2].isWord : !before.isWord
    }
}
