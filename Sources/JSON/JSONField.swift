import Text

/// A value of a JSON document and where it stands, so that an error can name it. A member that is `null` counts as absent.
package struct JSONField: Sendable {
    /// The value.
    package let value: JSONValue
    /// Such as `messages[0].content`; empty for a document without a name.
    package let path: String

    /// Names a value.
    package init(_ value: JSONValue, path: String = "") {
        (self.value, self.path) = (value, path)
    }

    /// Reads a whole document: UTF-8, which may begin with a byte order mark.
    package init(parsing text: [UInt8], path: String = "", leniency: JSONLeniency = .strict) throws(JSONSyntaxError) {
        var scanner = JSONScanner(text, at: text.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0, leniency: leniency)
        if leniency < .anyText {
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: text.span)
            } catch {
                throw scanner.unexpected(at: error.byteOffsets.lowerBound)
            }
        }
        value = try scanner.tree()
        try scanner.expectEnd()
        self.path = path
    }

    /// The error that says what the value must be.
    package func refused(_ expectation: String) -> JSONFieldError { JSONFieldError(path: path, expectation: expectation) }

    /// The members of an object.
    package func members() throws(JSONFieldError) -> [(name: String, field: JSONField)] {
        guard case .object(let members) = value else { throw refused("must be an object") }
        return members.map { ($0.0, JSONField($0.1, path: place(of: $0.0))) }
    }

    /// A member of an object; nil if it is absent.
    package func member(_ name: String) throws(JSONFieldError) -> JSONField? {
        guard case .object(let members) = value else { throw refused("must be an object") }
        guard let value = members.first(where: { $0.0 == name })?.1 else { return nil }
        if case .null = value { return nil }
        return JSONField(value, path: place(of: name))
    }

    /// A member that an object must have.
    package func required(_ name: String) throws(JSONFieldError) -> JSONField {
        if let member = try member(name) { return member }
        throw JSONField(.null, path: place(of: name)).refused("is required")
    }

    /// The elements of an array.
    package func elements() throws(JSONFieldError) -> [JSONField] {
        guard case .array(let elements) = value else { throw refused("must be an array") }
        return elements.enumerated().map { JSONField($1, path: "\(path)[\($0)]") }
    }

    package func string() throws(JSONFieldError) -> String {
        guard case .string(let text) = value else { throw refused("must be a string") }
        return text
    }

    package func bool() throws(JSONFieldError) -> Bool {
        guard case .bool(let flag) = value else { throw refused("must be a boolean") }
        return flag
    }

    package func number(in range: ClosedRange<Double>) throws(JSONFieldError) -> Double {
        guard let digits, let number = Double(digits) else { throw refused("must be a number") }
        guard range.contains(number) else {
            throw refused("must be between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
        }
        return number
    }

    /// A whole number; `1e2` and `100.0` are, too.
    package func integer(in range: ClosedRange<Int>) throws(JSONFieldError) -> Int {
        // Digits alone that are no Int are out of its range. Rounded to a Double, they might become one.
        let isPlain = digits?.utf8.allSatisfy { $0 == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } == true
        guard let digits, let number = isPlain ? Int(digits) : Double(digits).flatMap(Int.init(exactly:)) else {
            throw refused("must be a whole number")
        }
        guard range.contains(number) else { throw refused("must be between \(range.lowerBound) and \(range.upperBound)") }
        return number
    }

    /// A number as it is written.
    private var digits: String? {
        switch value {
        case .integer(let number): String(number)
        case .text(let digits): String(decoding: digits, as: UTF8.self)
        default: nil
        }
    }

    private func place(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// What a value of a JSON document must be. It does not quote the value, which may be a secret.
package struct JSONFieldError: Error, Equatable, CustomStringConvertible {
    /// The value's path.
    package let path: String
    /// Such as `must be a string`.
    package let expectation: String

    /// One sentence without its end.
    package var description: String { path.isEmpty ? expectation : "\(path) \(expectation)" }
}
