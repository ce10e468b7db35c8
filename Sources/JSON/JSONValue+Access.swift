import Text

/// For JSON in which anything of an unexpected type counts as missing.
extension JSONValue {
    /// A member of an object; nil if there is none, or if this is no object.
    package func member(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.0 == name }?.1
    }

    package var isObject: Bool { if case .object = self { true } else { false } }

    package var isNull: Bool { if case .null = self { true } else { false } }

    /// The elements of an array.
    package var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The text of a string.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// A whole number; `1e2` and `100.0` are, too.
    package var wholeNumber: Int? {
        if case .integer(let number) = self { return number }
        guard case .text(let digits) = self else { return nil }
        let text = String(decoding: digits, as: UTF8.self)
        return Int(text) ?? Double(text).flatMap(Int.init(exactly:))
    }

    /// Whether arrays and objects are nested at most this deep. The value comes from `JSONScanner`, so that it is not too deep to look.
    package func isNested(atMost depth: Int) -> Bool {
        switch self {
        case .array(let elements): depth > 0 && elements.allSatisfy { $0.isNested(atMost: depth - 1) }
        case .object(let members): depth > 0 && members.allSatisfy { $0.1.isNested(atMost: depth - 1) }
        default: true
        }
    }
}
