import Crypto
package import FoundationEssentials
package import Text

/// What an API key may do.
package enum Permission: String, Sendable, CaseIterable {
    /// Ask a model.
    case chat
    /// See a session.
    case read
    /// List the sessions of its scopes.
    case list
    /// See a whole session.
    case export
    /// Delete and fork a session, and take turns back.
    case write
    /// See what concerns the whole program, such as its metrics.
    case admin
}

/// Somebody who may use the API, and the secrets by which they are known.
package struct APIKey: Sendable {
    /// Stable, unlike the secret: `key_…`.
    package var id: String
    /// Unique among the keys.
    package var name: String
    /// Stays as it is for the key's life.
    package internal(set) var kind = Kind.secret
    /// Which sessions; at least one scope.
    package var scopes: [SessionScope]
    package var permissions: [Permission]
    /// The ids of the models; nil for all.
    package var models: [String]?
    package var limits = KeyLimits()
    /// The web pages whose scripts may use the key.
    package var origins: [Origin] = []
    /// From then on the key is refused; nil if it never is.
    package var expires: Date?
    package var isBlocked = false
    package var note: String?
    package var created: Date
    package var secrets: [Secret]

    /// A secret as it is stored: by its digest.
    package struct Secret: Sendable {
        /// SHA-256, in lower-case hexadecimal digits.
        package var digest: String
        /// From then on it is unknown, as another one has taken its place; nil if it is the current one.
        package var until: Date?

        init(digest: String, until: Date? = nil) { (self.digest, self.until) = (digest, until) }

        init(_ secret: String) { self.init(digest: SHA256.hexadecimal(of: secret.utf8)) }
    }

    /// A new key, which has no secret yet.
    package init(name: String, scopes: [SessionScope], permissions: [Permission], created: Date) {
        (id, self.name, self.scopes) = (Identifier.make(prefix: "key_"), name, scopes)
        (self.permissions, self.created, secrets) = (permissions, created, [])
    }

    /// Gives the key a new secret, and returns it: it is not known afterwards.
    ///
    /// - Parameter grace: how long the secrets that it had still work, in seconds. What ends earlier still does.
    package mutating func rotate(grace: Double, now: Date) -> String {
        let secret = Identifier.secret(prefix: kind == .publishable ? "nb-pub-" : "nb-")
        let end = now.addingTimeInterval(grace)
        let earlier = secrets.map { Secret(digest: $0.digest, until: min($0.until ?? end, end)) }
        secrets = [Secret(secret)] + earlier.filter { $0.until.map { now < $0 } ?? true }
        return secret
    }

    package func covers(session: String) -> Bool { scopes.contains { $0.covers(session) } }

    package func permits(_ permission: Permission) -> Bool { permissions.contains(permission) }

    /// Whether scripts of a page may use the key.
    ///
    /// - Parameter origin: as the browser sent it.
    package func permits(origin: String) -> Bool { origins.contains { $0.description == origin } }

    package func permits(model: String) -> Bool { models.map { $0.contains(model) } ?? true }
}
