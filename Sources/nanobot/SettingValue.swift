import Chat
import JSON

/// The JSON value of a setting, or a part of it, read with one sentence for whatever is wrong. Sentences never quote the value: it may
/// hold keys.
struct SettingValue {
    /// What the value is called, such as `upstream.fallbacks[0].url`.
    let path: String
    private let scanner: JSONScanner
    private let range: Range<Int>

    /// Reads a setting's text.
    init(_ key: String, _ text: String) throws {
        path = key
        var scanner = JSONScanner(Array(text.utf8))
        do {
            _ = scanner.findValue()
            let start = scanner.position
            // Whole and no deeper than JSON is read anywhere, since `masked` goes as deep.
            _ = try scanner.tree()
            range = start..<scanner.position
            try scanner.expectEnd()
        } catch {
            throw Failure(description: "\(key) must be JSON: \(error).")
        }
        self.scanner = scanner
    }

    private init(_ path: String, _ scanner: JSONScanner, _ range: Range<Int>) {
        (self.path, self.scanner, self.range) = (path, scanner, range)
    }

    /// The members of an object, in the order in which they are written.
    ///
    /// - Parameter known: the names that they may have; nil for any.
    func members(_ known: [String]? = nil) throws -> [(name: String, value: SettingValue)] {
        var scanner = scanner.moved(to: range.lowerBound)
        guard let found = try? scanner.members() else { throw failure("must be a JSON object") }
        return try found.sorted { $0.value.lowerBound < $1.value.lowerBound }.map { name, range in
            guard known?.contains(name) ?? true else {
                throw failure("has the unknown key \"\(name)\"; it may have \((known ?? []).joined(separator: ", "))")
            }
            return (name, SettingValue("\(path).\(name)", scanner, range))
        }
    }

    /// The elements of an array.
    func elements() throws -> [SettingValue] {
        var scanner = scanner.moved(to: range.lowerBound)
        guard let found = try? scanner.elements() else { throw failure("must be a JSON array") }
        return found.enumerated().map { SettingValue("\(path)[\($0)]", scanner, $1) }
    }

    /// A text that is not empty.
    func text() throws -> String {
        guard let text = scanner.decode(String.self, range), !text.isEmpty else { throw failure("must be a text") }
        return text
    }

    /// A whole number within limits.
    func integer(in limits: ClosedRange<Int>) throws -> Int {
        guard let number = scanner.decode(Int.self, range), limits.contains(number) else {
            throw failure("must be a whole number from \(limits.lowerBound) to \(limits.upperBound)")
        }
        return number
    }

    /// Says what the value has to be.
    func failure(_ expectation: String) -> Failure { Failure(description: "\(path) \(expectation).") }

    /// The value without secrets: members named `key` and `url` are masked, however deep.
    func masked() -> JSONValue {
        if let members = try? members() {
            return .object(
                members.map { name, value in
                    switch name {
                    case "key": (name, .string(Configuration.mask))
                    case "url": (name, .string((try? value.text()).map(Configuration.withoutUser) ?? Configuration.mask))
                    default: (name, value.masked())
                    }
                })
        }
        if let elements = try? elements() { return .array(elements.map { $0.masked() }) }
        return .text(scanner[range].map { $0 < 0x20 ? 0x20 : $0 })
    }
}
