import Glibc

extension UInt8 {
    var isDigit: Bool { 0x30...0x39 ~= self }
    var lowercased: UInt8 { 0x41...0x5A ~= self ? self + 0x20 : self }
    /// True for all bytes of a character in UTF-8 but the first.
    var isContinuation: Bool { self & 0xC0 == 0x80 }
    /// True for the first byte of a Han character.
    var isHan: Bool { 0xE3...0xE9 ~= self }
    /// True for what may stand between the words of a phrase: spaces, quotes, commas and the like.
    var isPause: Bool { self == 0x20 || self == 0x22 || self == 0x2C || self == 0x3A || self == 0x3B }
    /// True for what makes up words: ASCII letters in lower case, digits and the apostrophe, and the beginning of other alphabets' letters.
    var isWord: Bool { 0x61...0x7A ~= self || isDigit || self == UInt8(ascii: "'") || 0xC3...0xDF ~= self }
}

extension ArraySlice<UInt8> {
    /// The bytes without the white space and punctuation around them.
    var trimmed: ArraySlice<UInt8> {
        let isMark = { (byte: UInt8) in " .,;:!?\"'`*=/".utf8.contains(byte) }
        return self[(firstIndex { !isMark($0) } ?? endIndex)..<(lastIndex { !isMark($0) }.map { $0 + 1 } ?? endIndex)]
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the byte stands next, or the end.
    func next(_ byte: UInt8, from start: Int) -> Int {
        guard start < count, let base = baseAddress else { return count }
        return memchr(base + start, Int32(byte), count - start).map { $0 - UnsafeMutableRawPointer(mutating: base) } ?? count
    }
}
