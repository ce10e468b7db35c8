package import FoundationEssentials

/// Finds where the values of a JSON text stand, one behind the other, so that a large document can be decoded a piece at a time.
///
/// It looks at structure only (RFC 8259, section 2): what a piece holds is checked when it is decoded.
package struct JSONScanner: Sendable {
    let bytes: [UInt8]
    /// Where the next byte is looked at.
    package private(set) var position: Int

    /// Begins to look at a position of UTF-8 text.
    package init(_ bytes: [UInt8], at position: Int = 0) {
        (self.bytes, self.position) = (bytes, position)
    }

    /// Moves to the next value; false at the end of the text.
    package mutating func findValue() -> Bool {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        return position < bytes.count
    }

    /// Moves behind the value that is next, and says where it is.
    package mutating func value() throws(JSONSyntaxError) -> Range<Int> {
        _ = findValue()
        let start = position
        var depth = 0
        repeat {
            switch try next() {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""): try skipString()
            default: if depth == 0 { skipLiteral() }
            }
            if depth < 0 { throw unexpected(at: position - 1) }
        } while depth > 0
        return start..<position
    }

    /// Where the value of each member of the object that is next is; moves behind the object. The last one of a name counts.
    package mutating func members() throws(JSONSyntaxError) -> [String: Range<Int>] {
        var members: [String: Range<Int>] = [:]
        try list(from: "{", to: "}") { scanner throws(JSONSyntaxError) in
            let name = try scanner.name()
            members[name] = try scanner.value()
        }
        return members
    }

    /// Where each element of the array that is next is; moves behind the array.
    package mutating func elements() throws(JSONSyntaxError) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        try list(from: "[", to: "]") { scanner throws(JSONSyntaxError) in elements.append(try scanner.value()) }
        return elements
    }

    /// Fails unless nothing but white space follows.
    package mutating func expectEnd() throws(JSONSyntaxError) {
        guard !findValue() else { throw unexpected(at: position) }
    }

    /// The same text, at another position.
    package func moved(to position: Int) -> JSONScanner { JSONScanner(bytes, at: position) }

    /// A value as what it should be; nil where it is something else.
    package func decode<Value: Decodable>(_ type: Value.Type, _ range: Range<Int>?, _ decoder: JSONDecoder = JSONDecoder()) -> Value? {
        range.flatMap { try? decoder.read(type, from: bytes[$0]) }
    }

    /// The bytes of a value.
    package subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// Moves behind the name that is next, and the colon.
    mutating func name() throws(JSONSyntaxError) -> String {
        let name = try string()
        guard findValue(), try next() == UInt8(ascii: ":") else { throw unexpected(at: position) }
        return name
    }

    /// Moves behind the string that is next. Most strings have no escapes, and are what they look like.
    mutating func string() throws(JSONSyntaxError) -> String {
        let range = try value()
        guard bytes[range.lowerBound] == UInt8(ascii: "\"") else { throw unexpected(at: range.lowerBound) }
        let inside = bytes[range].dropFirst().dropLast()
        guard inside.contains(UInt8(ascii: "\\")) else { return String(decoding: inside, as: UTF8.self) }
        guard let text = decode(String.self, range) else { throw unexpected(at: range.lowerBound) }
        return text
    }

    func unexpected(at position: Int) -> JSONSyntaxError {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return JSONSyntaxError(line: line, isEnd: position >= bytes.count)
    }

    mutating func list(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, _ item: (inout JSONScanner) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        guard findValue(), try next() == UInt8(ascii: opening) else { throw unexpected(at: position) }
        if findValue(), bytes[position] == UInt8(ascii: closing) {
            position += 1
            return
        }
        while true {
            try item(&self)
            _ = findValue()
            let separator = try next()
            if separator == UInt8(ascii: closing) { return }
            guard separator == UInt8(ascii: ",") else { throw unexpected(at: position - 1) }
        }
    }

    private mutating func next() throws(JSONSyntaxError) -> UInt8 {
        guard position < bytes.count else { throw unexpected(at: position) }
        position += 1
        return bytes[position - 1]
    }

    /// A line feed in a string is not JSON: a line that was cut does not take the next ones along.
    private mutating func skipString() throws(JSONSyntaxError) {
        while true {
            switch try next() {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): _ = try next()
            case ..<0x20: throw unexpected(at: position - 1)
            default: break
            }
        }
    }

    private mutating func skipLiteral() {
        while position < bytes.count, !Self.isSpace(bytes[position]), !",:]}\"[{".utf8.contains(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
}

/// Why a text is not JSON.
package struct JSONSyntaxError: Error, Sendable, CustomStringConvertible {
    /// Where, counted from 1.
    package let line: Int
    /// Whether the text ended too early.
    package let isEnd: Bool

    /// One sentence without its end, such as `line 3 is not JSON`.
    package var description: String { isEnd ? "it ends in the middle of line \(line)" : "line \(line) is not JSON" }
}
