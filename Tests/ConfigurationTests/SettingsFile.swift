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
    /// Settings from variables alone, of a user who has no configuration file.
    static func make(_ environment: [String: String] = [:]) throws -> Configuration {
        try Configuration(environment: environment.merging(["HOME": "/nonexistent"]) { own, _ in own })
    }

    /// Settings from a file.
    static func make(file: String) throws -> Configuration {
        let file = try SettingsFile(file)
        return try Configuration(file: file.path, environment: ["HOME": "/nonexistent"])
    }

    static func key(_ name: String) -> (any SettingKey)? { keys.first { $0.name == name } }
}

/// What an expression threw; empty if it threw nothing.
func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return ""
}
