import Crypto
import FoundationEssentials
package import JSON
import Text

/// An API key as a configuration file gives it: with its secret in clear, and what may be said of it in a key file.
package struct GivenKey: Sendable {
    package let name: String
    private let digest: String
    private let field: JSONField

    /// In bytes. What people make up themselves is longer than a word, and shorter than what `keys add` makes.
    private static let leastLength = 16

    /// Reads `{"name":…,"key":…}`, which may also have `scopes`, `routes`, `models`, and all else that a key file says of a key.
    package init(_ field: JSONField) throws(JSONFieldError) {
        let secret = try field.required("key")
        let text = try secret.string()
        guard text.utf8.count >= Self.leastLength, text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
            throw secret.refused("must be at least \(Self.leastLength) visible ASCII characters, so that nobody guesses it")
        }
        for (name, member) in try field.members() where ["id", "created", "secrets"].contains(name) {
            throw member.refused("is not known here")
        }
        digest = APIKey.Secret(text).digest
        self.field = field
        name = try field.required("name").string()
        _ = try key(over: nil)
    }

    /// Reads an array of them.
    package static func list(_ field: JSONField) throws(JSONFieldError) -> [GivenKey] {
        var keys: [GivenKey] = []
        for element in try field.elements() {
            let key = try GivenKey(element)
            guard !keys.contains(where: { $0.name == key.name }) else { throw element.refused("has the name of another key, \(key.name)") }
            keys.append(key)
        }
        return keys
    }

    /// The key as it is stored: what is given, and the rest as it is stored already, or as `keys add` makes it. If the secret is another one,
    /// those before end.
    func key(over stored: APIKey?) throws(JSONFieldError) -> APIKey {
        let permissions: [Permission] = [.chat, .read, .list, .export, .write]
        var base = stored ?? APIKey(name: "new", scopes: SessionScope("*").map { [$0] } ?? [], permissions: permissions, created: Date())
        if !base.secrets.contains(where: { $0.digest == digest && $0.until == nil }) { base.secrets = [APIKey.Secret(digest: digest)] }
        guard case .object(var members) = base.stored else { throw field.refused("must be an object") }
        for (name, member) in try field.members() where name != "key" {
            members.removeAll { $0.0 == name }
            members.append((name, member.value))
        }
        return try APIKey(JSONField(.object(members), path: field.path))
    }

    /// True if the keys have it as it is given.
    func isStored(in ring: KeyRing) -> Bool {
        guard let stored = ring.key(named: name), let key = try? key(over: stored) else { return false }
        return key.stored.serialized == stored.stored.serialized
    }

    /// True if it is among the keys of the file with this secret.
    package func hasSecret(in ring: KeyRing) -> Bool {
        ring.key(named: name)?.secrets.contains { $0.digest == digest && $0.until == nil } ?? false
    }

    /// The keys of the index that have its secret.
    func ring(in index: KeyIndex) throws(KeyFileError) -> KeyRing { try index.ring(digest: digest) }
}

extension KeyFile {
    /// Takes over keys that are given in clear. It writes only if one of them is not stored as it is given.
    package func takeOver(_ given: [GivenKey]) throws(KeyFileError) {
        guard !given.isEmpty else { return }
        let index = try indexed()
        let whole = index == nil ? try read() ?? KeyRing() : KeyRing()
        var areStored = true
        for key in given where areStored {
            var ring = whole
            if let index { ring = try key.ring(in: index) }
            areStored = key.isStored(in: ring)
        }
        if areStored { return }
        try change { ring throws(KeyFileError) in
            for key in given { try ring.takeOver(key) }
        }
    }
}

extension KeyRing {
    fileprivate mutating func takeOver(_ given: GivenKey) throws(KeyFileError) {
        let key: APIKey
        do throws(JSONFieldError) {
            key = try given.key(over: self.key(named: given.name))
        } catch {
            throw KeyFileError("The key \"\(given.name)\" cannot be taken over: \(error)")
        }
        if self.key(named: given.name) == nil { try add(key) } else { try change(given.name) { $0 = key } }
    }
}
