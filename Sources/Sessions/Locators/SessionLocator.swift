import Crypto
import Text

/// A short name of a session, of at most 28 letters and digits, by which an id says where its turn is (FORMAT.md, "Locators").
package struct SessionLocator: Sendable, Equatable {
    package let description: String

    /// The beginning of a locator of a session that a client named: 120 bits of the key's SHA-256 follow.
    private static let named = UInt8(ascii: "s")
    private static let digestLength = 24

    package init(_ key: SessionKey) {
        if let session = UnnamedSession(key) {
            description = session.kind.letter + session.name
        } else {
            description = "s\(Self.digest(of: key))"
        }
    }

    /// The locator at the beginning of a text, which may go on behind it; nil if there is none.
    package init?(prefixOf text: Substring) {
        let kind = UnnamedSession.Kind(locator: text)
        guard kind != nil || text.utf8.first == Self.named else { return nil }
        let length = 1 + (kind == nil ? Self.digestLength : UnnamedSession.nameLength)
        let locator = text.prefix(length)
        guard locator.utf8.count == length, locator.utf8.allSatisfy(Identifier.isDigit) else { return nil }
        description = String(locator)
    }

    /// The key of an unnamed session; nil for another one.
    var unnamedKey: SessionKey? {
        UnnamedSession.Kind(locator: description[...]).flatMap { UnnamedSession($0, name: description.dropFirst()) }?.key
    }

    package static func == (left: SessionLocator, right: SessionLocator) -> Bool { left.description == right.description }

    /// The name of the file that has the key of the session.
    var fileName: String { String(description.dropFirst()) }

    private static func digest(of key: SessionKey) -> String {
        Identifier.make(prefix: "", digest: SHA256.digest(of: key.description.utf8))
    }
}
