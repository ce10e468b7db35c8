/// A setting, declared once: its name, type, default and meaning.
package struct Key<Value: Sendable>: SettingKey {
    package let name: String
    package let fallback: String?
    package let form: SettingForm
    package let help: String
    private let parse: @Sendable (Setting) throws(ConfigurationError) -> Value
    /// The value of a setting without a text; nil if it needs one.
    private let absent: Value?

    init(
        named name: String, default fallback: String? = nil, form: SettingForm = .plain, absent: Value? = nil, help: String,
        parse: @escaping @Sendable (Setting) throws(ConfigurationError) -> Value
    ) {
        (self.name, self.fallback, self.form, self.help) = (name, fallback, form, help)
        (self.parse, self.absent) = (parse, absent)
    }

    /// Parses a setting's text.
    ///
    /// - Parameter setting: nil if there is neither a text nor a default.
    func value(_ setting: Setting?) throws(ConfigurationError) -> Value {
        if setting == nil, let absent { return absent }
        return try parse(setting ?? Setting(key: self, text: "", source: .default))
    }

    package func check(_ setting: Setting?) throws(ConfigurationError) { _ = try value(setting) }
}
