import FoundationEssentials
package import JSON
import Text

extension APIKey {
    private static let names = [
        "id", "name", "scopes", "routes", "models", "expires", "blocked", "note", "created", "secrets",
    ]

    /// Reads a key as a key file has it.
    init(_ field: JSONField) throws(JSONFieldError) {
        for (name, member) in try field.members() where !Self.names.contains(name) { throw member.refused("is not known here") }
        id = try field.required("id").text()
        name = try field.required("name").text()
        scopes = try field.required("scopes").list { element throws(JSONFieldError) in
            guard let scope = SessionScope(try element.string()) else { throw element.refused(Self.scopeExpectation) }
            return scope
        }
        guard !scopes.isEmpty else { throw try field.required("scopes").refused("must have at least one scope") }
        permissions = try field.required("routes").list { element throws(JSONFieldError) in
            guard let permission = Permission(text: try element.string()) else { throw element.refused(Self.permissionExpectation) }
            return permission
        }
        models = try field.member("models")?.list { element throws(JSONFieldError) in try element.text() }
        expires = try field.member("expires")?.date()
        isBlocked = try field.member("blocked")?.bool() ?? false
        note = try field.member("note")?.string()
        created = try field.required("created").date()
        secrets = try field.required("secrets").list { element throws(JSONFieldError) in
            let digest = try element.required("sha256").string()
            guard digest.utf8.count == 64, digest.utf8.allSatisfy(Self.isDigit) else {
                throw element.refused("must have a SHA-256 of 64 lower-case hexadecimal digits")
            }
            return Secret(digest: digest, until: try element.member("until")?.date())
        }
    }

    package static let scopeExpectation = "must end with a colon, such as wx: or wx:group:g1:, or be * for all sessions"
    package static let permissionExpectation = "must be one of " + Permission.allCases.map(\.rawValue).joined(separator: ", ")

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }

    /// What may be shown of the key, which is all but its secrets.
    package var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("id", .string(id)), ("name", .string(name)), ("scopes", .array(scopes.map { .string($0.description) })),
            ("routes", .array(permissions.map { .string($0.rawValue) })),
        ]
        if let models { members.append(("models", .array(models.map(JSONValue.string)))) }
        if let expires { members.append(("expires", .string(expires.ISO8601Format()))) }
        if isBlocked { members.append(("blocked", true)) }
        if let note { members.append(("note", .string(note))) }
        return members + [("created", .string(created.ISO8601Format()))]
    }

    /// The key as a key file has it.
    var stored: JSONValue {
        let secrets = secrets.map { secret in
            JSONValue.object(
                [("sha256", .string(secret.digest))] + (secret.until.map { [("until", .string($0.ISO8601Format()))] } ?? []))
        }
        return .object(members + [("secrets", .array(secrets))])
    }
}

extension JSONField {
    fileprivate func text() throws(JSONFieldError) -> String {
        let text = try string()
        guard !text.isEmpty else { throw refused("must not be empty") }
        return text
    }

    fileprivate func list<Value>(_ read: (JSONField) throws(JSONFieldError) -> Value) throws(JSONFieldError) -> [Value] {
        var values: [Value] = []
        for element in try elements() { values.append(try read(element)) }
        return values
    }

    /// A time in UTC, such as `2026-11-26T08:00:00Z`.
    fileprivate func date() throws(JSONFieldError) -> Date {
        guard let date = try? Date(try string(), strategy: .iso8601) else { throw refused("must be a time such as 2026-11-26T08:00:00Z") }
        return date
    }
}
