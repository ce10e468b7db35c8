import Text

/// A setting, whatever its type.
package protocol SettingKey: Sendable {
    /// The path in the configuration file, such as `limits.connections`.
    var name: String { get }
    /// The default as it would be written; nil if there is none. A leading `$HOME` stands for the user's home directory.
    var fallback: String? { get }
    var form: SettingForm { get }
    /// What the setting means: a phrase.
    var help: String { get }

    /// Throws the error that reading the setting would throw.
    func check(_ setting: Setting?) throws(ConfigurationError)
}

extension SettingKey {
    /// Whether the default is the same for every user. Then it is right: tests check it.
    var hasConstantDefault: Bool { fallback?.hasPrefix("$HOME") == false }

    /// `NANOBOT_` and the name in upper snake case.
    package var environmentVariable: String {
        var bytes = Array("NANOBOT_".utf8)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "."): bytes.append(UInt8(ascii: "_"))
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes += [UInt8(ascii: "_"), byte]
            default: bytes.append(byte & 0xdf)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How much of a setting's value may be shown.
package enum SettingForm: Sendable {
    case plain
    /// Nothing.
    case secret
    /// A URL: all but its user and password.
    case address
    /// A JSON value: all but the keys in it and the users of its URLs.
    case json
    /// All: texts with commas between them, for which a file may have a JSON array.
    case list
}
