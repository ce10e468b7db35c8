import Chat
import FoundationEssentials
import JSON

extension Configuration {
    /// The settings of a JSON file; nested members become one level: `{"model":{"name":"x"}}` is `model.name`.
    static func contents(of path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(description: "The configuration file \(path) cannot be read.")
        }
        var scanner = JSONScanner(Array(data))
        var values: [String: String] = [:]
        do {
            try read(&scanner, path: [], into: &values)
            try scanner.expectEnd()
        } catch let error as JSONSyntaxError {
            throw Failure(description: "The configuration file \(path) is not a JSON object of settings: \(error).")
        }
        return values
    }

    /// How many names a setting's key has at most: a file that is nested deeper has no setting there, and would take the stack.
    private static let deepest = 8

    private static func read(_ scanner: inout JSONScanner, path: [String], into values: inout [String: String]) throws {
        for (name, range) in try scanner.members() {
            let path = path + [name]
            let key = path.joined(separator: ".")
            var inner = scanner.moved(to: range.lowerBound)
            if let text = inner.decode(String.self, range) {
                values[key] = text
            } else if settings.contains(where: { $0.key == key && $0.form == .json }) {
                values[key] = String(decoding: scanner[range], as: UTF8.self)
            } else if let flag = inner.decode(Bool.self, range) {
                values[key] = String(flag)
            } else if let number = inner.decode(Int.self, range) {
                values[key] = String(number)
            } else if scanner[range].first == UInt8(ascii: "{"), path.count < deepest {
                try read(&inner, path: path, into: &values)
            } else {
                throw Failure(description: "The configuration file gives \(key) a value that no setting has.")
            }
        }
    }
}
