import Crypto
package import FoundationEssentials
import JSON
package import Text

/// All API keys, as a key file has them: `{"format":"nanobot-keys","version":1,"keys":[…]}`.
package struct KeyRing: Sendable {
    package private(set) var keys: [APIKey]
    /// Where each secret's key is, by the secret's digest.
    private var places: [TextKey: Int] = [:]
    /// The origins of all keys.
    package private(set) var origins: Set<TextKey> = []

    private static let format = "nanobot-keys"
    private static let version = 1

    package init() { keys = [] }

    init(_ keys: [APIKey]) throws(KeyFileError) {
        self.keys = keys
        try index()
    }

    /// Reads a key file.
    init(_ bytes: [UInt8]) throws(KeyFileError) {
        let document: JSONField
        do throws(JSONSyntaxError) {
            document = try JSONField(parsing: bytes)
        } catch {
            throw KeyFileError("is not JSON, or is cut short: \(error)")
        }
        do throws(JSONFieldError) {
            guard try document.member("format")?.string() == Self.format else { throw document.refused("is no file of API keys") }
            let version = try document.required("version").integer(in: 1 ... .max)
            guard version == Self.version else { throw document.refused("is of version \(version), which is newer than this program") }
            try document.expectMembers(["format", "version", "keys"])
            keys = []
            for element in try document.required("keys").elements() { keys.append(try APIKey(element)) }
        } catch {
            throw KeyFileError(error.path.isEmpty ? error.expectation : "cannot be used: \(error)")
        }
        try index()
    }

    /// The key file.
    var serialized: [UInt8] {
        // A line each, for those who compare versions of the file.
        var bytes = Array("{\"format\":\"\(Self.format)\",\"version\":\(Self.version),\"keys\":[".utf8)
        for (index, key) in keys.enumerated() { bytes += (index == 0 ? "\n" : ",\n").utf8 + key.stored.serialized }
        return bytes + "\n]}\n".utf8
    }

    private mutating func index() throws(KeyFileError) {
        (places, origins) = ([:], [])
        var names: Set<TextKey> = []
        for (place, key) in keys.enumerated() {
            for origin in key.origins { origins.insert(TextKey(origin.description)) }
            for secret in key.secrets {
                guard let other = places.updateValue(place, forKey: TextKey(secret.digest)) else { continue }
                throw KeyFileError(
                    other == place
                        ? "has a secret of the key \"\(key.name)\" twice"
                        : "has one secret for two keys, \"\(keys[other].name)\" and \"\(key.name)\": rename or revoke one of them")
            }
            for text in Set([TextKey(key.name), TextKey(key.id)]) where !names.insert(text).inserted {
                throw KeyFileError("has two keys with the name or id \"\(key.name)\"")
            }
        }
    }

    /// The key that a secret belongs to; nil if there is none, or if another secret has taken its place for good.
    package func key(secret: String, now: Date) -> APIKey? {
        // Whoever can measure how long this takes learns about digests, from which no secret follows.
        let digest = SHA256.hexadecimal(of: secret.utf8)
        guard let key = places[TextKey(digest)].map({ keys[$0] }) else { return nil }
        let isCurrent = key.secrets.contains { $0.digest == digest && ($0.until.map { now < $0 } ?? true) }
        return isCurrent ? key : nil
    }

    /// The key with a name or id; nil if there is none.
    package func key(named name: String) -> APIKey? { keys.first { $0.name == name || $0.id == name } }

    /// Adds a key.
    package mutating func add(_ key: APIKey) throws(KeyFileError) {
        guard self.key(named: key.name) == nil else { throw KeyFileError("There is a key of the name \"\(key.name)\" already") }
        try key.expectReadable()
        keys.append(key)
        try index()
    }

    /// Changes the key with a name or id.
    ///
    /// - Returns: the key as it is now.
    @discardableResult
    package mutating func change(_ name: String, _ change: (inout APIKey) -> Void) throws(KeyFileError) -> APIKey {
        guard let place = keys.firstIndex(where: { $0.name == name || $0.id == name }) else { throw Self.unknown(name) }
        change(&keys[place])
        try keys[place].expectReadable()
        try index()
        return keys[place]
    }

    /// Removes the key with a name or id.
    ///
    /// - Returns: the key that was removed.
    @discardableResult
    package mutating func remove(_ name: String) throws(KeyFileError) -> APIKey {
        guard let place = keys.firstIndex(where: { $0.name == name || $0.id == name }) else { throw Self.unknown(name) }
        defer { try? index() }
        return keys.remove(at: place)
    }

    package static func unknown(_ name: String) -> KeyFileError { KeyFileError("There is no key of the name or id \"\(name)\"") }
}

extension APIKey {
    /// Throws unless a key file with the key can be read again.
    fileprivate func expectReadable() throws(KeyFileError) {
        if let problem { throw KeyFileError("The key \(problem)") }
        do throws(JSONFieldError) {
            guard let field = try? JSONField(parsing: stored.serialized) else { throw JSONField(.null).refused("cannot be stored") }
            _ = try APIKey(field)
        } catch {
            throw KeyFileError("The key \"\(name)\" cannot be stored: \(error)")
        }
    }
}
