import Chat
import JSON
import Models

extension Configuration {
    /// What stands for a secret.
    static let mask = "****"

    /// A setting's value as it may be shown: without keys and passwords.
    func shown(_ setting: Setting) -> String {
        guard let text = text(setting.key) else { return "(none)" }
        return switch setting.form {
        case .plain: text
        case .secret: Self.mask
        case .address: Self.withoutUser(text)
        case .json: (try? SettingValue(setting.key, text)).map { String(decoding: $0.masked().serialized, as: UTF8.self) } ?? Self.mask
        }
    }

    /// A URL without user and password.
    static func withoutUser(_ url: String) -> String {
        UpstreamAddress(url)?.description ?? (url.contains("@") ? mask : url)
    }
}
