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
            if let other = keys.first(where: { $0.digest == key.digest }) {
                throw element.refused("has the secret of another key, \(other.name)")
            }
            keys.append(key)
        }
        return keys
    }

    /// True if the configuration says what a field of the key file is.
    package func says(_ field: String) -> Bool { (try? self.field.member(field)).flatMap(\.self) != nil }

    /// The key as it is stored: what is given, and the rest as it is stored already, or as `keys add` makes it. If the secret is another one,
    /// those before end.
    func key(over stored: APIKey?) throws(JSONFieldError) -> APIKey {
        let kind = try field.member("kind")?.string()
        if let stored, let kind, kind != stored.kind.rawValue {
            throw field.refused("cannot change its kind: give it another name, or revoke the key \(stored.name) first")
        }
        var base = stored ?? Self.new(isPublishable: kind == APIKey.Kind.publishable.rawValue)
        if !base.secrets.contains(where: { $0.digest == digest && $0.until == nil }) { base.secrets = [APIKey.Secret(digest: digest)] }
        guard case .object(var members) = base.stored else { throw field.refused("must be an object") }
        for (name, member) in try field.members() where name != "key" {
            members.removeAll { $0.0 == name }
            members.append((name, member.value))
        }
        return try APIKey(JSONField(.object(members), path: field.path))
    }

    /// A key as it is without what is given.
    private static func new(isPublishable: Bool) -> APIKey {
        if isPublishable {
            return APIKey(name: "new", publishableFor: [], permissions: APIKey.publishablePermissions, created: Date())
        }
        let permissions: [Permission] = [.chat, .read, .list, .export, .write]
        return APIKey(name: "new", scopes: SessionScope("*").map { [$0] } ?? [], permissions: permissions, created: Date())
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
        try change { ring throws(KeyFileError) in try ring.takeOver(given) }
    }
}

extension KeyRing {
    /// Takes over keys that are given in clear, all at once: two of them may have exchanged their secrets.
    package mutating func takeOver(_ given: [GivenKey]) throws(KeyFileError) {
        var keys = keys
        for given in given {
            do throws(JSONFieldError) {
                let place = keys.firstIndex { $0.name == given.name || $0.id == given.name }
                let key = try given.key(over: place.map { keys[$0] })
                if let place { keys[place] = key } else { keys.append(key) }
            } catch {
                throw KeyFileError("The key \"\(given.name)\" of auth.keys cannot be taken over: \(error)")
            }
        }
        do throws(KeyFileError) {
            self = try KeyRing(keys)
        } catch {
            throw KeyFileError("The keys of auth.keys cannot be taken over: with them the key file \(error)")
        }
    }
}
