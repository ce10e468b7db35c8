import Text

extension JSONScanner {
    /// The maximum depth of nested arrays and objects. Deeper ones would exhaust the stack.
    private static let deepest = 512
    private static let fewMembers = 16

    /// Reads the next value, all of it checked (RFC 8259), and moves past it. If an object repeats a name, the last value counts. Numbers
    /// stay as they are written.
    package mutating func tree() throws(JSONSyntaxError) -> JSONValue { try tree(depth: 0) }

    private mutating func tree(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard findValue(), depth <= Self.deepest else { throw unexpected(at: position) }
        switch bytes[position] {
        case UInt8(ascii: "{"):
            var members: [(String, JSONValue)] = []
            // Few names are found faster without a dictionary.
            var places: [TextKey: Int] = [:]
            try list(from: "{", to: "}") { scanner throws(JSONSyntaxError) in
                let name = try scanner.name()
                let value = try scanner.tree(depth: depth + 1)
                let place =
                    if members.count <= Self.fewMembers { members.firstIndex { $0.0 == name } } else { places[TextKey(name)] }
                if let place {
                    members[place].1 = value
                } else {
                    members.append((name, value))
                    if members.count == Self.fewMembers + 1 {
                        for (place, member) in members.enumerated() { places[TextKey(member.0)] = place }
                    } else if members.count > Self.fewMembers {
                        places[TextKey(name)] = members.count - 1
                    }
                }
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try list(from: "[", to: "]") { scanner throws(JSONSyntaxError) in elements.append(try scanner.tree(depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "\""):
            let start = position
            let text = try cutString()
            guard leniency >= .chunks, text.trail != nil || text.lead != nil else { return .string(text.whole) }
            return .text(Array(bytes[start..<position]))
        default:
            let range = try value()
            guard let literal = Self.literal(bytes[range]) else { throw unexpected(at: range.lowerBound) }
            return literal
        }
    }

    private static func literal(_ text: ArraySlice<UInt8>) -> JSONValue? {
        if text.elementsEqual("true".utf8) { return .bool(true) }
        if text.elementsEqual("false".utf8) { return .bool(false) }
        if text.elementsEqual("null".utf8) { return .null }
        return isNumber(text) ? .text(Array(text)) : nil
    }

    /// RFC 8259, section 6.
    private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        func takeDigits() -> Int {
            let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            rest = rest.dropFirst(digits.count)
            return digits.count
        }
        func take(_ choices: String) -> Bool {
            guard let first = rest.first, choices.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("-")
        guard take("0") || takeDigits() > 0 else { return false }
        if take("."), takeDigits() == 0 { return false }
        if take("eE") {
            _ = take("+-")
            guard takeDigits() > 0 else { return false }
        }
        return rest.isEmpty
    }
}
