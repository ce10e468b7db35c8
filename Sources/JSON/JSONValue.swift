/// A JSON value whose members keep their order, because people read this program's JSON too.
///
/// The encoder of FoundationEssentials orders members by hash or alphabet, but a session file begins with its format and a completion with
/// its id.
package enum JSONValue: Sendable, Equatable {
    case object([(String, JSONValue)])
    case array([JSONValue])
    case string(String)
    case integer(Int)
    case bool(Bool)
    case null
    /// JSON text on one line, written as it is: numbers and the order of members stay as somebody else wrote them.
    case text([UInt8])

    /// UTF-8 text on one line, without white space between tokens. Line feeds in strings are escaped.
    package var serialized: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        append(to: &bytes)
        return bytes
    }

    /// A string, or `null` for nil.
    package static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    /// A number that need not be whole; `null` for one that is none.
    package static func decimal(_ number: Double) -> JSONValue {
        guard number.isFinite else { return .null }
        return Int(exactly: number).map(JSONValue.integer) ?? .text(Array("\(number)".utf8))
    }

    /// Compares the serialized text, so the order of members counts.
    package static func == (left: JSONValue, right: JSONValue) -> Bool { left.serialized == right.serialized }

    /// Appends members of an object, with commas between them, to JSON text.
    package static func append(_ members: KeyValuePairs<String, JSONValue>, to bytes: inout [UInt8]) {
        for (index, (name, value)) in members.enumerated() { append(name, value, isFirst: index == 0, to: &bytes) }
    }

    /// Appends members of an object, with commas between them, to JSON text.
    package static func append(_ members: [(String, JSONValue)], to bytes: inout [UInt8]) {
        for (index, (name, value)) in members.enumerated() { append(name, value, isFirst: index == 0, to: &bytes) }
    }

    private static func append(_ name: String, _ value: JSONValue, isFirst: Bool, to bytes: inout [UInt8]) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        append(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.append(to: &bytes)
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            Self.append(members, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .string(let text): Self.append(text, to: &bytes)
        case .integer(let number): bytes += String(number).utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .null: bytes += "null".utf8
        case .text(let text): bytes += text
        }
    }

    /// Escapes quotation marks, backslashes and control characters (RFC 8259, section 7).
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var copied = 0
            for index in utf8.indices where utf8[index] < 0x20 || utf8[index] == UInt8(ascii: "\"") || utf8[index] == UInt8(ascii: "\\") {
                bytes += utf8[copied..<index]
                copied = index + 1
                switch utf8[index] {
                case 0x0a: bytes += "\\n".utf8
                case 0x0d: bytes += "\\r".utf8
                case 0x09: bytes += "\\t".utf8
                case let byte where byte >= 0x20: bytes += [UInt8(ascii: "\\"), byte]
                case let byte: bytes += "\\u00".utf8 + [hex(byte >> 4), hex(byte & 15)]
                }
            }
            bytes += utf8[copied...]
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func hex(_ digit: UInt8) -> UInt8 { digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    package init(dictionaryLiteral members: (String, JSONValue)...) { self = .object(members) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(stringLiteral text: String) { self = .string(text) }
    package init(integerLiteral number: Int) { self = .integer(number) }
    package init(booleanLiteral flag: Bool) { self = .bool(flag) }
    package init(nilLiteral: ()) { self = .null }
}
