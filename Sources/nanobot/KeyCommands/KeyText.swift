import Access
import ArgumentParser
import FoundationEssentials
import JSON
import Text

/// Keys as people read and write them.
enum KeyText {
    /// When a key expires.
    struct Expiry {
        /// Nil for never.
        var date: Date?
    }

    private static let units: [(suffix: String, seconds: Int)] = [("h", 3600), ("d", 86_400)]

    /// A duration such as `24h` or `90d`, in seconds.
    static func duration(_ text: String) throws -> Int {
        for (suffix, seconds) in units where text.hasSuffix(suffix) {
            let digits = text.dropLast()
            guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { continue }
            if let number = Int(digits), 0...100_000 ~= number { return number * seconds }
        }
        throw ValidationError("\"\(text)\" is no duration such as 24h or 90d.")
    }

    static func expiry(_ text: String) throws -> Expiry {
        if text == "never" { return Expiry() }
        let date = Date(utc: text) ?? Date(utc: text + "T00:00:00Z") ?? (try? duration(text)).map { Date().addingTimeInterval(Double($0)) }
        guard let date else {
            throw ValidationError("\"\(text)\" is no time: give a duration such as 90d, a date such as 2027-01-31, or never.")
        }
        guard date > Date() else { throw ValidationError("\(text) is over. To refuse a key now, block it.") }
        return Expiry(date: date)
    }

    /// The parts of a list with commas.
    static func list(_ text: String) throws -> [String] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ !$0.isEmpty }), parts == ["all"] || !parts.contains("all") else {
            throw ValidationError("\"\(text)\" is no list such as a,b.")
        }
        return parts
    }

    /// A key in full.
    static func lines(_ key: APIKey, lastUsed: String?) -> String {
        let facts = [
            ("name", key.name), ("id", key.id), ("kind", key.kind.rawValue), ("state", state(key)),
            ("scopes", key.scopes.map(\.description).joined(separator: " ")),
            ("routes", key.permissions.map(\.rawValue).joined(separator: ",")),
            ("models", key.models?.joined(separator: ",") ?? "all"), ("limits", limits(key.limits)), ("origins", origins(key)),
            ("expires", key.expires?.ISO8601Format() ?? "never"), ("created", key.created.ISO8601Format()),
            ("used", lastUsed ?? "never"), ("note", key.note ?? ""),
        ]
        return facts.filter { !$0.1.isEmpty }.map { "\(padded($0.0, 8)) \($0.1.printable(keepsLines: false))\n" }.joined()
    }

    private static func limits(_ limits: KeyLimits) -> String {
        guard case .object(let members) = limits.json else { return "" }
        return members.map { "\($0.0) \(String(decoding: $0.1.serialized, as: UTF8.self))" }.joined(separator: ", ")
    }

    /// A key in a line of the list.
    static func row(_ key: APIKey, lastUsed: String?) -> String {
        "\(padded(key.name, 20)) \(padded(state(key), 8)) \(padded(key.expires?.ISO8601Format() ?? "never", 20)) "
            + "\(padded(lastUsed ?? "never", 10)) \(key.permissions.map(\.rawValue).joined(separator: ",")) "
            + "\((key.scopes.map(\.description) + [origins(key)]).joined(separator: " ").printable(keepsLines: false))\n"
    }

    private static func origins(_ key: APIKey) -> String { key.origins.map(\.description).joined(separator: " ") }

    static let heading =
        "\(padded("NAME", 20)) \(padded("STATE", 8)) \(padded("EXPIRES", 20)) \(padded("LAST USED", 10)) ROUTES SCOPES ORIGINS\n"

    private static func state(_ key: APIKey) -> String {
        if key.isBlocked { return "blocked" }
        return key.expires.map { $0 <= Date() } ?? false ? "expired" : "valid"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
    }
}
