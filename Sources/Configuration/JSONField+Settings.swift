import JSON
import Text

/// Reads settings. Here `null` is a value like any other, a text is never empty, and errors say "a JSON object" and "a text", since
/// operators may not know JSON's terms.
extension JSONField {
    func settingMembers() throws(JSONFieldError) -> [(name: String, field: JSONField)] {
        guard case .object = value else { throw refused("must be a JSON object") }
        return try members()
    }

    func settingElements() throws(JSONFieldError) -> [JSONField] {
        guard case .array = value else { throw refused("must be a JSON array") }
        return try elements()
    }

    /// Fails unless the value is an object whose members have these names.
    func expectMembers(_ names: [String]) throws(JSONFieldError) {
        for (name, _) in try settingMembers() where !names.contains(where: { $0 == name }) {
            throw refused("has the unknown key \"\(name)\"; it may have \(names.joined(separator: ", "))")
        }
    }

    /// A member of an object; nil if it is absent.
    func setting(_ name: String) throws(JSONFieldError) -> JSONField? {
        try settingMembers().first { $0.name == name }?.field
    }

    /// A text that is not empty.
    func settingText() throws(JSONFieldError) -> String {
        guard case .string(let text) = value, !text.isEmpty else { throw refused("must be a text") }
        return text
    }

    func settingBool() throws(JSONFieldError) -> Bool {
        guard case .bool(let flag) = value else { throw refused("must be true or false") }
        return flag
    }

    func settingInteger(in range: ClosedRange<Int>) throws(JSONFieldError) -> Int {
        guard let number = try? integer(in: range) else {
            throw refused("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
