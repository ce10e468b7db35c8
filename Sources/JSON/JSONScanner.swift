import Text

/// Finds the values of a JSON text one after the other, so that a large document can be decoded value by value.
///
/// It checks the structure only (RFC 8259, section 2). The content of a value is checked when it is decoded.
package struct JSONScanner: Sendable {
    let bytes: [UInt8]
    let leniency: JSONLeniency
    /// The index of the next byte.
    package private(set) var position: Int

    /// Begins at a position of UTF-8 text.
    package init(_ bytes: [UInt8], at position: Int = 0, leniency: JSONLeniency = .strict) {
        (self.bytes, self.position, self.leniency) = (bytes, position, leniency)
    }

    /// Moves to the next value; false at the end of the text.
    package mutating func findValue() -> Bool {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        return position < bytes.count
    }

    /// Moves past the next value, and returns its range.
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

    /// Moves past the next object, and returns the range of each member's value. If a name is repeated, the last value counts.
    package mutating func members() throws(JSONSyntaxError) -> Members {
        var members = Members()
        try list(from: "{", to: "}") { scanner throws(JSONSyntaxError) in
            let name = try scanner.name()
            members.set(name, try scanner.value())
        }
        return members
    }

    /// The ranges of an object's values.
    package struct Members: Sendable {
        private var ranges: [TextKey: Range<Int>] = [:]

        package var count: Int { ranges.count }

        package subscript(_ name: String) -> Range<Int>? { ranges[TextKey(name)] }

        mutating func set(_ name: String, _ range: Range<Int>) { ranges[TextKey(name)] = range }
    }

    /// Moves past the next array, and returns the range of each element.
    package mutating func elements() throws(JSONSyntaxError) -> [Range<Int>] {
        var elements: [Range<Int>] = []
        try list(from: "[", to: "]") { scanner throws(JSONSyntaxError) in elements.append(try scanner.value()) }
        return elements
    }

    /// Throws unless only white space follows.
    package mutating func expectEnd() throws(JSONSyntaxError) {
        guard !findValue() else { throw unexpected(at: position) }
    }

    /// The same text at another position.
    package func moved(to position: Int) -> JSONScanner { JSONScanner(bytes, at: position, leniency: leniency) }

    /// Decodes a value; nil if it is not of the type.
    package func decode<Value: Decodable>(_ type: Value.Type, _ range: Range<Int>?, _ decoder: ValueDecoder = ValueDecoder()) -> Value? {
        range.flatMap { try? decoder.read(type, from: bytes[$0]) }
    }

    package subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// Moves past the next name and its colon.
    mutating func name() throws(JSONSyntaxError) -> String {
        let name = try string()
        _ = findValue()
        guard try next() == UInt8(ascii: ":") else { throw unexpected(at: position - 1) }
        return name
    }

    /// Moves past the next string.
    mutating func string() throws(JSONSyntaxError) -> String { try cutString().whole }

    /// Moves past the next string. Most strings have no escapes.
    mutating func cutString() throws(JSONSyntaxError) -> CutText {
        let range = try value()
        guard bytes[range.lowerBound] == UInt8(ascii: "\"") else { throw unexpected(at: range.lowerBound) }
        let inside = bytes[range].dropFirst().dropLast()
        guard inside.contains(UInt8(ascii: "\\")) else { return CutText(String(decoding: inside, as: UTF8.self)) }
        guard let (text, isWhole) = Self.unescaped(inside), isWhole || leniency > .strict else { throw unexpected(at: range.lowerBound) }
        return text
    }

    func unexpected(at position: Int) -> JSONSyntaxError {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return JSONSyntaxError(line: line, isEnd: position >= bytes.count)
    }

    mutating func list(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, _ item: (inout JSONScanner) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        _ = findValue()
        guard try next() == UInt8(ascii: opening) else { throw unexpected(at: position - 1) }
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

    /// Refuses a line feed in a string, so that a line that was cut does not swallow the next ones.
    private mutating func skipString() throws(JSONSyntaxError) {
        let least: UInt8 = leniency >= .anyText ? 0 : 0x20
        while true {
            position = bytes.withUnsafeBufferPointer { bytes in
                var index = position
                while index < bytes.count, bytes[index] >= least, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") {
                    index += 1
                }
                return index
            }
            switch try next() {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): _ = try next()
            default: throw unexpected(at: position - 1)
            }
        }
    }

    private mutating func skipLiteral() {
        while position < bytes.count, !Self.isSpace(bytes[position]), !",:]}\"[{".utf8.contains(bytes[position]) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }
}

package struct JSONSyntaxError: Error, Sendable, CustomStringConvertible {
    /// Counted from 1.
    package let line: Int
    /// True if the text ended too early.
    package let isEnd: Bool

    /// A clause without a full stop, such as `line 3 is not JSON`.
    package var description: String { isEnd ? "it ends in the middle of line \(line)" : "line \(line) is not JSON" }
}
