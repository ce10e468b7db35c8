import Crypto
import Text

/// A short name of a session, of at most 28 letters and digits, by which an id says where its turn is (FORMAT.md, "Locators").
package struct SessionLocator: Sendable, Equatable {
    package let description: String

    /// The beginning of a locator of a session that a client named: 120 bits of the key's SHA-256 follow.
    private static let named = UInt8(ascii: "s")
    /// The beginning of a locator that has all of an unnamed session's key but what all of these have.
    private static let unnamed = UInt8(ascii: "r")
    private static let digestLength = 24

    package init(_ key: SessionKey) {
        if let name = UnnamedSession(key) {
            description = "r\(name.owner)\(name.number)"
        } else {
            description = "s\(Self.digest(of: key))"
        }
    }

    /// The locator at the beginning of a text, which may go on behind it; nil if there is none.
    package init?(prefixOf text: Substring) {
        let length: Int
        switch text.utf8.first {
        case Self.named: length = 1 + Self.digestLength
        case Self.unnamed: length = 1 + UnnamedSession.ownerLength + UnnamedSession.numberLength
        default: return nil
        }
        let locator = text.prefix(length)
        guard locator.utf8.count == length, locator.utf8.allSatisfy(Identifier.isDigit) else { return nil }
        description = String(locator)
    }

    /// The key of the unnamed session; nil for another one.
    var unnamedKey: SessionKey? {
        guard description.utf8.first == Self.unnamed else { return nil }
        let rest = description.dropFirst()
        return UnnamedSession(
            owner: String(rest.prefix(UnnamedSession.ownerLength)), number: String(rest.dropFirst(UnnamedSession.ownerLength))
        ).key
    }

    package static func == (left: SessionLocator, right: SessionLocator) -> Bool { left.description == right.description }

    /// The name of the file that has the key of the session.
    var fileName: String { String(description.dropFirst()) }

    private static func digest(of key: SessionKey) -> String {
        Identifier.make(prefix: "", digest: SHA256.digest(of: key.description.utf8))
    }
}
