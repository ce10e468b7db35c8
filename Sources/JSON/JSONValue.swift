/// A JSON value whose members keep their order: what this program writes is read by people too.
///
/// The encoder of FoundationEssentials orders members by hash or by alphabet; a session file begins with its format, and a
/// completion with its id.
package enum JSONValue: Sendable, Equatable {
    /// An object, its members in the order in which they are written.
    case object([(String, JSONValue)])
    /// An array.
    case array([JSONValue])
    /// A string.
    case string(String)
    /// A whole number.
    case integer(Int)
    /// A boolean.
    case bool(Bool)
    /// `null`.
    case null
    /// A value that is JSON text already, on one line: numbers, and the order of members, stay as somebody else wrote them.
    case text([UInt8])

    /// The value as UTF-8 text on one line, without white space: a line feed in a string is escaped.
    package var serialized: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        append(to: &bytes)
        return bytes
    }

    /// The string, or `null` where there is none.
    package static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    /// Equal where text, order included, is equal.
    package static func == (left: JSONValue, right: JSONValue) -> Bool { left.serialized == right.serialized }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.append(member.0, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.1.append(to: &bytes)
            }
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

    /// RFC 8259, section 7: quotation mark, backslash and control characters are escaped.
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
    /// An object.
    package init(dictionaryLiteral members: (String, JSONValue)...) { self = .object(members) }
    /// An array.
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// A string.
    package init(stringLiteral text: String) { self = .string(text) }
    /// A whole number.
    package init(integerLiteral number: Int) { self = .integer(number) }
    /// A boolean.
    package init(booleanLiteral flag: Bool) { self = .bool(flag) }
    /// `null`.
    package init(nilLiteral: ()) { self = .null }
}
