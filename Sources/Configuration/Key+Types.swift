import JSON
import Text

extension Key<Int> {
    init(_ name: String, in range: ClosedRange<Int>, default fallback: Int, help: String) {
        self.init(named: name, default: String(fallback), help: help) { setting throws(ConfigurationError) in
            try setting.integer(in: range)
        }
    }
}

extension Key<Int?> {
    init(_ name: String, in range: ClosedRange<Int>, help: String) {
        self.init(named: name, absent: .some(nil), help: help) { setting throws(ConfigurationError) in
            try setting.integer(in: range)
        }
    }
}

extension Key<Bool> {
    /// A setting that is off unless it is set, or unless `fallback` says otherwise.
    init(_ name: String, default fallback: Bool = false, help: String) {
        self.init(named: name, default: String(fallback), help: help) { setting throws(ConfigurationError) in
            guard let flag = Bool(setting.text) else { throw setting.refused("true or false") }
            return flag
        }
    }
}

extension Key<String> {
    /// A text that is not empty.
    init(_ name: String, default fallback: String, expecting expectation: String, help: String) {
        self.init(named: name, default: fallback, help: help) { setting throws(ConfigurationError) in
            guard !setting.text.isEmpty else { throw setting.refused(expectation) }
            return setting.text
        }
    }
}

extension Key where Value: CaseIterable & RawRepresentable<String> & Sendable {
    /// One of a fixed set of words.
    init(_ name: String, default fallback: Value, expecting expectation: String? = nil, help: String) {
        self.init(named: name, default: fallback.rawValue, help: help) { setting throws(ConfigurationError) in
            guard let value = Value(text: setting.text) else {
                throw setting.refused(expectation ?? Value.allCases.map(\.rawValue).joined(separator: " or "))
            }
            return value
        }
    }
}

extension Key {
    /// A setting that may be absent. An empty text counts as absent: files of environment variables have such lines.
    init<Wrapped: Sendable>(
        _ name: String, form: SettingForm = .plain, help: String,
        read: @escaping @Sendable (Setting) throws(ConfigurationError) -> Wrapped
    ) where Value == Wrapped? {
        self.init(named: name, form: form, absent: .some(nil), help: help) { setting throws(ConfigurationError) in
            setting.text.isEmpty ? nil : try read(setting)
        }
    }
}

extension Setting {
    fileprivate func integer(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw refused("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Web servers start programs in directories of their own.
    func absolutePath() throws(ConfigurationError) -> String {
        guard text.hasPrefix("/") else { throw refused("an absolute path") }
        return text
    }

    /// A JSON value, parsed by `read`.
    func json<Value>(_ read: (JSONField) throws(JSONFieldError) -> Value) throws(ConfigurationError) -> Value {
        let field: JSONField
        do {
            field = try JSONField(parsing: Array(text.utf8), path: key.name)
        } catch {
            throw refused("JSON: \(error)")
        }
        do {
            return try read(field)
        } catch {
            throw ConfigurationError("\(error).")
        }
    }
}
