import FoundationEssentials
import JSON
import Text

extension Configuration {
    /// The settings of a JSON file. Nested members have one name: `{"model":{"name":"x"}}` sets `model.name`.
    static func settings(of path: String) throws(ConfigurationError) -> [Setting] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError("The configuration file \(path) cannot be read.")
        }
        let document: JSONField
        do {
            document = try JSONField(parsing: Array(data))
        } catch {
            throw ConfigurationError("The configuration file \(path) is not a JSON object of settings: \(error).")
        }
        guard let members = try? document.members() else {
            throw ConfigurationError("The configuration file \(path) is not a JSON object of settings.")
        }
        var settings: [Setting] = []
        for (_, field) in members { try read(field, depth: 1, source: .file(path), into: &settings) }
        return settings
    }

    /// The most names in a setting's path. No setting is nested deeper, and a file must not exhaust the stack.
    private static let deepest = 8

    private static func read(
        _ field: JSONField, depth: Int, source: Source, into settings: inout [Setting]
    ) throws(ConfigurationError) {
        let key = keys.first { $0.name == field.path }
        if let text = text(field, of: key) {
            guard let key else { throw ConfigurationError(unknown(field.path, in: source)) }
            settings.append(Setting(key: key, text: text, source: source))
        } else if let members = try? field.members(), depth < deepest {
            for (_, field) in members { try read(field, depth: depth + 1, source: source, into: &settings) }
        } else {
            throw ConfigurationError("The configuration file gives \(field.path) a value that no setting has.")
        }
    }

    /// A member's value as a setting's text; nil if no setting can have that value.
    private static func text(_ field: JSONField, of key: (any SettingKey)?) -> String? {
        if let text = try? field.string() { return text }
        if key?.form == .list, let elements = try? field.elements() {
            let texts = elements.compactMap { try? $0.string() }
            return texts.count == elements.count ? texts.joined(separator: ",") : nil
        }
        if key?.form == .json { return String(decoding: field.value.serialized, as: UTF8.self) }
        if let flag = try? field.bool() { return String(flag) }
        return (try? field.integer(in: .min ... .max)).map { String($0) }
    }

    private static func unknown(_ name: String, in source: Source) -> String {
        let nearest = keys.min { distance($0.name, name) < distance($1.name, name) }?.name ?? ""
        return "\(source) has the unknown key \"\(name)\". The nearest known one is \"\(nearest)\"."
    }

    /// Levenshtein's edit distance, in bytes.
    private static func distance(_ left: String, _ right: String) -> Int {
        var row = Array(0...right.utf8.count)
        for (i, a) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.utf8.enumerated() {
                (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (a == b ? 0 : 1), row[j] + 1, row[j + 1] + 1))
            }
        }
        return row[right.utf8.count]
    }
}
