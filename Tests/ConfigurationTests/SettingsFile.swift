import Configuration
import Foundation

/// A configuration file, removed with the last reference.
final class SettingsFile {
    let path = FileManager.default.temporaryDirectory.path + "/nanobot-\(UUID().uuidString).json"

    init(_ text: [UInt8]) throws { try Data(text).write(to: URL(fileURLWithPath: path)) }

    convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Configuration {
    /// Settings from variables, and from a file that sets nothing unless its text is given. This host's own file is not read.
    static func make(_ environment: [String: String] = [:], file text: String = "{}") throws -> Configuration {
        let file = try SettingsFile(text)
        return try withExtendedLifetime(file) {
            try Configuration(file: file.path, environment: environment.merging(["HOME": "/nonexistent"]) { own, _ in own })
        }
    }

    static func key(_ name: String) -> (any SettingKey)? { keys.first { $0.name == name } }
}

/// What an expression threw; empty if it threw nothing.
func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
}
