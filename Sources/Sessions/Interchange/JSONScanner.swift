import FoundationEssentials

/// Finds where the values of a JSON text stand, one behind the other, so that a large document can be decoded a piece at a time.
///
/// It looks at structure only (RFC 8259, section 2): what a piece holds is checked when it is decoded.
struct JSONScanner {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], at position: Int = 0) {
        (self.bytes, self.position) = (bytes, position)
    }

    /// Moves to the next value; false at the end of the text.
    mutating func findValue() -> Bool {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
        return position < bytes.count
    }

    /// Moves behind the value that is next, and says where it is.
    mutating func value() throws(SessionError) -> Range<Int> {
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
    mutating func members() throws(SessionError) -> [String: Range<Int>] {
        var members: [String: Range<Int>] = [:]
        try list(from: "{", to: "}") { scanner throws(SessionError) in
            let name = try scanner.value()
            guard let text = scanner.decode(String.self, name) else { throw scanner.unexpected(at: name.lowerBound) }
            guard scanner.findValue(), try scanner.next() == UInt8(ascii: ":") else { throw scanner.unexpected(at: scanner.position) }
            members[text] = try scanner.value()
        }
        return members
    }

    /// Visits where each element of the array that is next is; moves behind the array.
    mutating func elements(_ visit: (Range<Int>, JSONScanner) throws(SessionError) -> Void) throws(SessionError) {
        try list(from: "[", to: "]") { scanner throws(SessionError) in try visit(try scanner.value(), scanner) }
    }

    /// Fails unless nothing but white space follows.
    mutating func expectEnd() throws(SessionError) {
        guard !findValue() else { throw unexpected(at: position) }
    }

    /// The same text, at another position.
    func moved(to position: Int) -> JSONScanner { JSONScanner(bytes, at: position) }

    /// A value as what it should be; nil where it is something else.
    func decode<Value: Decodable>(_ type: Value.Type, _ range: Range<Int>?, _ decoder: JSONDecoder = JSONDecoder()) -> Value? {
        range.flatMap { try? decoder.decode(type, from: Data(bytes[$0])) }
    }

    subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    /// Says that there is no JSON where there should be.
    func unexpected(at position: Int) -> SessionError {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }
        return SessionError(.unreadable, position < bytes.count ? "line \(line) is not JSON" : "it ends in the middle of line \(line)")
    }

    private mutating func list(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar, _ item: (inout JSONScanner) throws(SessionError) -> Void
    ) throws(SessionError) {
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

    private mutating func next() throws(SessionError) -> UInt8 {
        guard position < bytes.count else { throw unexpected(at: position) }
        position += 1
        return bytes[position - 1]
    }

    /// A line feed in a string is not JSON: a line that was cut does not take the next ones along.
    private mutating func skipString() throws(SessionError) {
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
