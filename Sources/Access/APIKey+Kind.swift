package import FoundationEssentials
package import Text

extension APIKey {
    /// Who knows a key's secret.
    package enum Kind: String, Sendable, CaseIterable {
        /// Its owner alone.
        case secret
        /// Everybody who looks at the web pages that have it. Each of their visitors has one session, and no other.
        case publishable
    }

    /// A new publishable key, which has no secret yet.
    package init(name: String, publishableFor origins: [Origin], permissions: [Permission], created: Date) {
        self.init(name: name, scopes: [], permissions: permissions, created: created)
        (kind, self.origins) = (.publishable, origins)
        scopes = [SessionScope(visitorPrefix)].compactMap(\.self)
    }

    /// The session of a visitor.
    package func session(of visitor: String) -> String { visitorPrefix + visitor }

    private var visitorPrefix: String { "web:\(id):" }

    package static let publishablePermissions: [Permission] = [.chat, .read, .write]

    /// What the key must be and is not: a phrase that begins with "must"; nil if all is well.
    package var problem: String? {
        guard kind == .publishable else { return scopes.isEmpty ? "must have at least one scope" : nil }
        if origins.isEmpty { return "must have an origin, since it is publishable" }
        guard scopes.count == 1, scopes[0].description == visitorPrefix else {
            return "must have no scope of its own, since it is publishable: it covers \(visitorPrefix)"
        }
        guard permissions.allSatisfy({ Self.publishablePermissions.contains($0) }) else {
            return "must have no other routes than chat, read and write, since it is publishable"
        }
        return nil
    }
}
