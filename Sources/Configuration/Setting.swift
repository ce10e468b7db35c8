import Text

/// Where a setting's value comes from.
package enum Source: Sendable, Hashable, CustomStringConvertible {
    case `default`
    /// A configuration file, by its path.
    case file(String)
    /// An environment variable, by its name.
    case environment(String)
    /// An option on the command line.
    case option

    package var description: String {
        switch self {
        case .default: "default"
        case .file(let path): path
        case .environment(let variable): variable
        case .option: "option"
        }
    }
}

/// A setting as it was found: its text, not yet parsed.
package struct Setting: Sendable {
    let key: any SettingKey
    let text: String
    let source: Source

    /// The error that says what the setting must be. It quotes the text only if the text cannot hold a secret.
    func refused(_ expectation: String) -> ConfigurationError {
        let sentence = "\(key.name) must be \(expectation)"
        return ConfigurationError([.plain, .list].contains(key.form) ? "\(sentence); \(source) says \"\(text)\"." : "\(sentence).")
    }
}
