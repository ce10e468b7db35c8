/// Words that are tried against phrases.
///
/// Phrases stand one a line, and are matched as they stand: nothing is compiled when the program starts.
/// Words are literal, `(a|b c|)` is a choice, which may be empty, `[a|b]` is one that is captured, `*` captures one or more words,
/// `~` skips any number of words, and a `?` at the end wants a question. In Chinese each character is a word.
struct Phrase {
    let spelling: [UInt8]
    let range: Range<Int>
    var isAsked = false

    func matches(_ phrases: StaticString) -> Bool { first(of: phrases) { _ in true } ?? false }

    /// What `meaning` makes of the captures of the first phrase that covers the words, passing over those of which it makes nothing.
    func first<Meaning>(of phrases: StaticString, _ meaning: ([Range<Int>]) -> Meaning?) -> Meaning? {
        phrases.withUTF8Buffer { phrases in
            var line = phrases.startIndex
            while line < phrases.endIndex {
                var matcher = PhraseMatcher(phrases: phrases, phrase: self)
                if matcher.matches(line, range.lowerBound), let meaning = meaning(matcher.captures) { return meaning }
                line = phrases.next(UInt8(ascii: "\n"), from: line) + 1
            }
            return nil
        }
    }
}

/// Tries one phrase. It recurses once for each hole and choice, so no deeper than the phrase is written.
private struct PhraseMatcher {
    let phrases: UnsafeBufferPointer<UInt8>
    let phrase: Phrase
    var captures: [Range<Int>] = []

    mutating func matches(_ rest: Int, _ start: Int, capturing capture: Range<Int>? = nil) -> Bool {
        if let capture { captures.append(capture) }
        if matchesRest(rest, start) { return true }
        if capture != nil { captures.removeLast() }
        return false
    }

    private mutating func matchesRest(_ rest: Int, _ start: Int) -> Bool {
        var (position, place) = (rest, start)
        while position < phrases.count, phrases[position] != UInt8(ascii: "\n") {
            switch phrases[position] {
            case UInt8(ascii: " "): position += 1
            case UInt8(ascii: "("), UInt8(ascii: "["): return matchesChoice(position, place)
            case UInt8(ascii: "*"), UInt8(ascii: "~"): return matchesHole(position, skipped(place))
            case UInt8(ascii: "?"):
                guard phrase.isAsked else { return false }
                position += 1
            default: guard matchesWord(&position, &place) else { return false }
            }
        }
        return skipped(place) == phrase.range.upperBound
    }

    private mutating func matchesHole(_ position: Int, _ start: Int) -> Bool {
        let isCaptured = phrases[position] == UInt8(ascii: "*")
        var next = isCaptured ? start + 1 : start
        while next <= phrase.range.upperBound {
            if isBoundary(next), matches(position + 1, next, capturing: isCaptured ? start..<next : nil) { return true }
            next += 1
        }
        return false
    }

    private mutating func matchesChoice(_ open: Int, _ place: Int) -> Bool {
        let isCaptured = phrases[open] == UInt8(ascii: "[")
        let close = phrases.next(UInt8(ascii: isCaptured ? "]" : ")"), from: open)
        var position = open
        while position < close {
            position += 1
            var (next, fits) = (place, true)
            while fits, position < close, phrases[position] != UInt8(ascii: "|") {
                if phrases[position] == UInt8(ascii: " ") { position += 1 } else { fits = matchesWord(&position, &next) }
            }
            if fits, matches(close + 1, next, capturing: isCaptured ? place..<next : nil) { return true }
            position = min(phrases.next(UInt8(ascii: "|"), from: position), close)
        }
        return false
    }

    /// Moves both behind the word, or the character of a Chinese one; one that does not fit may be left anywhere within it.
    private func matchesWord(_ position: inout Int, _ place: inout Int) -> Bool {
        place = skipped(place)
        repeat {
            guard place < phrase.range.upperBound, phrase.spelling[place] == phrases[position] else { return false }
            (position, place) = (position + 1, place + 1)
        } while position < phrases.count && (phrases[position].isWord || phrases[position].isContinuation)
        return isBoundary(place)
    }

    private func skipped(_ place: Int) -> Int {
        var place = place
        while place < phrase.range.upperBound, phrase.spelling[place].isPause { place += 1 }
        return place
    }

    /// True between words.
    private func isBoundary(_ place: Int) -> Bool {
        guard place > phrase.range.lowerBound, place < phrase.range.upperBound else { return true }
        let (before, after) = (phrase.spelling[place - 1], phrase.spelling[place])
        guard after.isWord else { return !after.isContinuation }
        return before.isContinuation ? !phrase.spelling[place - 2].isWord : !before.isWord
    }
}
