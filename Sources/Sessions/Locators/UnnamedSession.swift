import Crypto
import Text

/// A session that no client named: `resp:<owner>:<number>`. Only its ids lead to it, and it is removed after `responses.keepDays`.
package struct UnnamedSession: Sendable {
    /// Letters and digits that stand for whoever may use the session.
    package let owner: String
    /// Random, or made from the request that began the session.
    package let number: String

    static let prefix = "resp:"
    /// How the names of their files begin.
    static let fileNamePrefix = String(decoding: SessionKey.encoded(prefix), as: UTF8.self)
    static let ownerLength = 10
    /// 85 bits.
    static let numberLength = 17

    /// Of everybody, while there are no API keys.
    package static let everybody = UnnamedSession.owner(of: "")

    /// What stands for an API key with this id.
    package static func owner(of keyID: String) -> String {
        String(Identifier.make(prefix: "", digest: SHA256.digest(of: keyID.utf8)).prefix(ownerLength))
    }

    init(owner: String, number: String) { (self.owner, self.number) = (owner, number) }

    /// A new session.
    ///
    /// - Parameter seed: makes the same number each time; nil for a random one.
    package init(owner: String, seed: String? = nil) {
        let number = seed.map { Identifier.make(prefix: "", digest: SHA256.digest(of: $0.utf8)) } ?? Identifier.make(prefix: "")
        self.init(owner: owner, number: String(number.prefix(Self.numberLength)))
    }

    /// Nil if a session was named by a client.
    package init?(_ key: SessionKey) {
        let parts = key.description.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, key.description.hasPrefix(Self.prefix), parts[1].count == Self.ownerLength,
            parts[2].count == Self.numberLength, parts[1].allSatisfy(Identifier.isDigit), parts[2].allSatisfy(Identifier.isDigit)
        else { return nil }
        self.init(owner: String(decoding: parts[1], as: UTF8.self), number: String(decoding: parts[2], as: UTF8.self))
    }

    package var key: SessionKey { SessionKey(self) }
}
