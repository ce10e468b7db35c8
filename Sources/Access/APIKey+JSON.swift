import FoundationEssentials
package import JSON
import Text

extension APIKey {
    private static let names = [
        "id", "name", "kind", "scopes", "routes", "models", "limits", "origins", "expires", "blocked", "note", "created", "secrets",
    ]

    /// Reads a key as a key file has it.
    init(_ field: JSONField) throws(JSONFieldError) {
        try field.expectMembers(Self.names)
        id = try field.required("id").name()
        name = try field.required("name").name()
        if let kind = try field.member("kind") {
            guard let value = Kind(text: try kind.string()) else { throw kind.refused("must be secret or publishable") }
            self.kind = value
        }
        scopes = try field.required("scopes").list { element throws(JSONFieldError) in
            guard let scope = SessionScope(try element.string()) else { throw element.refused(Self.scopeExpectation) }
            return scope
        }
        permissions = try field.required("routes").list { element throws(JSONFieldError) in
            guard let permission = Permission(text: try element.string()) else { throw element.refused(Self.permissionExpectation) }
            return permission
        }
        models = try field.member("models")?.list { element throws(JSONFieldError) in try element.line(upTo: 512) }
        if let field = try field.member("limits") { limits = try KeyLimits(field) }
        origins =
            try field.member("origins")?.list { element throws(JSONFieldError) in
                guard let origin = Origin(try element.string()) else { throw element.refused(Origin.expectation) }
                return origin
            } ?? []
        expires = try field.member("expires")?.date()
        isBlocked = try field.member("blocked")?.bool() ?? false
        note = try field.member("note")?.line(upTo: 1000)
        created = try field.required("created").date()
        secrets = try field.required("secrets").list { element throws(JSONFieldError) in
            try element.expectMembers(["sha256", "until"])
            let digest = try element.required("sha256").string()
            guard digest.utf8.count == 64, digest.utf8.allSatisfy(Self.isDigit) else {
                throw element.refused("must have a SHA-256 of 64 lower-case hexadecimal digits")
            }
            return Secret(digest: digest, until: try element.member("until")?.date())
        }
        if let problem { throw field.refused(problem) }
    }

    package static let scopeExpectation = "must end with a colon, such as wx: or wx:group:g1:, or be * for all sessions"
    package static let permissionExpectation = "must be one of " + Permission.allCases.map(\.rawValue).joined(separator: ", ")

    package static let nameExpectation = "must be 1 to 64 printable ASCII characters without a space"

    package static func isName(_ text: String) -> Bool { 1...64 ~= text.utf8.count && text.utf8.allSatisfy { 0x21...0x7e ~= $0 } }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }

    /// What may be shown of the key, which is all but its secrets.
    package var members: [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [
            ("id", .string(id)), ("name", .string(name)), ("kind", .string(kind.rawValue)),
            ("scopes", .array(scopes.map { .string($0.description) })),
            ("routes", .array(permissions.map { .string($0.rawValue) })),
        ]
        if let models { members.append(("models", .array(models.map(JSONValue.string)))) }
        if !limits.isEmpty { members.append(("limits", limits.json)) }
        if !origins.isEmpty { members.append(("origins", .array(origins.map { .string($0.description) }))) }
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
    /// Fails unless the value is an object whose members have these names.
    func expectMembers(_ names: [String]) throws(JSONFieldError) {
        for (name, member) in try members() where !names.contains(name) { throw member.refused("is not known here") }
    }

    /// A name in lists and log lines.
    fileprivate func name() throws(JSONFieldError) -> String {
        let text = try string()
        guard APIKey.isName(text) else { throw refused(APIKey.nameExpectation) }
        return text
    }

    /// A text of one line, of at most so many bytes.
    fileprivate func line(upTo limit: Int) throws(JSONFieldError) -> String {
        let text = try string()
        guard 1...limit ~= text.utf8.count, text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw refused("must be a line of 1 to \(limit) bytes, without control characters")
        }
        return text
    }

    fileprivate func list<Value>(_ read: (JSONField) throws(JSONFieldError) -> Value) throws(JSONFieldError) -> [Value] {
        var values: [Value] = []
        for element in try elements() { values.append(try read(element)) }
        return values
    }

    fileprivate func date() throws(JSONFieldError) -> Date {
        guard let date = Date(utc: try string()) else { throw refused("must be a time such as 2026-11-26T08:00:00Z") }
        return date
    }
}
