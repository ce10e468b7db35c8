import Chat
import JSON
import Server

/// A value of a request's body and where it stands, so that what is wrong with it can be said. `null` counts as absent.
struct RequestField {
    let value: JSONValue
    /// Such as `messages[0].content`; empty for the body itself.
    let path: String

    /// Reads a body: a JSON object, or it is `invalid_json`.
    init(body: [UInt8]) throws(APIError) {
        guard (try? UTF8Span(validating: body.span)) != nil else { throw .invalidJSON }
        // Some clients begin UTF-8 with a byte order mark.
        var scanner = JSONScanner(body, at: body.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0)
        do throws(JSONSyntaxError) {
            value = try scanner.tree()
            try scanner.expectEnd()
        } catch {
            throw .invalidJSON
        }
        path = ""
        guard case .object = value else { throw .invalidJSON }
    }

    private init(_ value: JSONValue, _ path: String) {
        (self.value, self.path) = (value, path)
    }

    /// The error that says what the value must be.
    func refused(_ expectation: String) -> APIError {
        let message = "\(path) \(expectation)"
        return path.hasPrefix("messages") ? .invalidMessages(message, param: path) : .invalidValue(message, param: path)
    }

    /// The members of an object.
    func members() throws(APIError) -> [RequestField] {
        guard case .object(let members) = value else { throw refused("must be an object") }
        return members.map { RequestField($0.1, place(of: $0.0)) }
    }

    /// A member of an object; nil where it is absent.
    func member(_ name: String) throws(APIError) -> RequestField? {
        guard case .object(let members) = value else { throw refused("must be an object") }
        guard let value = members.first(where: { $0.0 == name })?.1 else { return nil }
        if case .null = value { return nil }
        return RequestField(value, place(of: name))
    }

    /// A member of an object that has to be there.
    func required(_ name: String) throws(APIError) -> RequestField {
        if let member = try member(name) { return member }
        throw RequestField(.null, place(of: name)).refused("is required")
    }

    /// The elements of an array.
    func elements() throws(APIError) -> [RequestField] {
        guard case .array(let elements) = value else { throw refused("must be an array") }
        return elements.enumerated().map { RequestField($1, "\(path)[\($0)]") }
    }

    func string() throws(APIError) -> String {
        guard case .string(let text) = value else { throw refused("must be a string") }
        return text
    }

    func bool() throws(APIError) -> Bool {
        guard case .bool(let flag) = value else { throw refused("must be a boolean") }
        return flag
    }

    func number(in range: ClosedRange<Double>) throws(APIError) -> Double {
        guard case .text(let digits) = value, let number = Double(String(decoding: digits, as: UTF8.self)) else {
            throw refused("must be a number")
        }
        guard range.contains(number) else {
            throw refused("must be between \(Int(range.lowerBound)) and \(Int(range.upperBound))")
        }
        return number
    }

    /// A whole number; `1e2` and `100.0` are, too.
    func integer(in range: ClosedRange<Int>) throws(APIError) -> Int {
        guard case .text(let digits) = value else { throw refused("must be a whole number") }
        let text = String(decoding: digits, as: UTF8.self)
        guard let number = Int(text) ?? Double(text).flatMap(Int.init(exactly:)) else { throw refused("must be a whole number") }
        guard range.contains(number) else { throw refused("must be between \(range.lowerBound) and \(range.upperBound)") }
        return number
    }

    private func place(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
