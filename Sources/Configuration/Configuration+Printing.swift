import HTTPClient
import JSON
import Text

extension Configuration {
    /// Replaces a secret.
    package static let mask = "****"

    /// Every setting with its value, without secrets, and where the value came from: two lines each.
    package func listing() -> String {
        Self.keys.map { key in
            """
            \(key.name) = \(shown(key))
                \(key.help); from \(source(of: key)); environment variable \(key.environmentVariable)

            """
        }.joined()
    }

    /// The settings as a table in Markdown.
    package static func markdown() -> String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        let rows = keys.map { key in
            "| `\(key.name)` | \(key.fallback.map { "`\(cell($0))`" } ?? "none") | \(cell(key.help)) |\n"
        }
        return "| setting | default | meaning |\n| --- | --- | --- |\n" + rows.joined()
    }

    /// The configuration file's path, if secrets came from it.
    package func fileWithSecrets() -> String? {
        for key in Self.keys {
            if case .file(let path) = source(of: key), let text = text(of: key), Self.holdsSecret(text, key.form) { return path }
        }
        return nil
    }

    /// A setting's value without keys and passwords.
    package func shown(_ key: any SettingKey) -> String {
        guard let text = text(of: key) else { return "(none)" }
        switch key.form {
        case .plain, .list: return text
        case .secret: return Self.mask
        case .address: return Self.withoutUser(text)
        case .json:
            guard let value = try? JSONField(parsing: Array(text.utf8)).value else { return Self.mask }
            return String(decoding: Self.masked(value).serialized, as: UTF8.self)
        }
    }

    /// A URL without user and password.
    static func withoutUser(_ url: String) -> String {
        UpstreamAddress(url)?.description ?? (url.utf8.contains(UInt8(ascii: "@")) ? mask : url)
    }

    private static func holdsSecret(_ text: String, _ form: SettingForm) -> Bool {
        switch form {
        case .plain, .list: return false
        case .secret: return !text.isEmpty
        case .address: return holdsUser(text)
        case .json:
            guard let value = try? JSONField(parsing: Array(text.utf8)).value else { return true }
            return holdsSecret(value)
        }
    }

    private static func holdsUser(_ url: String) -> Bool {
        url.utf8.contains(UInt8(ascii: "@")) && withoutUser(url) != url
    }

    private static func holdsSecret(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let members):
            members.contains { name, value in
                switch (name, value) {
                case ("key", _): true
                case ("url", .string(let url)): holdsUser(url)
                default: holdsSecret(value)
                }
            }
        case .array(let elements): elements.contains(where: holdsSecret)
        default: false
        }
    }

    /// The value with its members named `key` and `url` masked, at any depth.
    private static func masked(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(
                members.map { name, value in
                    switch (name, value) {
                    case ("key", _): (name, .string(mask))
                    case ("url", .string(let url)) where !url.isEmpty: (name, .string(withoutUser(url)))
                    case ("url", _): (name, .string(mask))
                    default: (name, masked(value))
                    }
                })
        case .array(let elements): .array(elements.map(masked))
        default: value
        }
    }
}
