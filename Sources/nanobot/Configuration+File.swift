import Chat
import FoundationEssentials

extension Configuration {
    /// The settings of a JSON file; nested members become one level: `{"model":{"name":"x"}}` is `model.name`.
    static func contents(of path: String) throws -> [String: String] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(description: "The configuration file \(path) cannot be read.")
        }
        var scanner = JSONScanner(Array(data))
        var values: [String: String] = [:]
        do {
            try read(&scanner, prefix: "", into: &values)
            try scanner.expectEnd()
        } catch let error as JSONSyntaxError {
            throw Failure(description: "The configuration file \(path) is not a JSON object of settings: \(error).")
        }
        return values
    }

    private static func read(_ scanner: inout JSONScanner, prefix: String, into values: inout [String: String]) throws {
        for (name, range) in try scanner.members() {
            let key = prefix + name
            var inner = scanner.moved(to: range.lowerBound)
            if let text = inner.decode(String.self, range) {
                values[key] = text
            } else if settings.contains(where: { $0.key == key && $0.form == .json }) {
                values[key] = String(decoding: scanner[range], as: UTF8.self)
            } else if let flag = inner.decode(Bool.self, range) {
                values[key] = String(flag)
            } else if let number = inner.decode(Int.self, range) {
                values[key] = String(number)
            } else if scanner[range].first == UInt8(ascii: "{") {
                try read(&inner, prefix: key + ".", into: &values)
            } else {
                throw Failure(description: "The configuration file gives \(key) a value that no setting has.")
            }
        }
    }
}
