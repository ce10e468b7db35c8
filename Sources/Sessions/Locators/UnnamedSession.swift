import Crypto
import Text

/// A session to which only ids lead: `resp:<owner>:<number>` or `conv:<owner>:<number>`.
package struct UnnamedSession: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Begun by a response that names no session. It is removed after `responses.keepDays`.
        case response = "resp:"
        /// A conversation of `POST /v1/conversations`.
        case conversation = "conv:"

        /// The beginning of a locator.
        var letter: String { self == .response ? "r" : "c" }

        /// Nil if a text does not begin as the locator of such a session does.
        init?(locator: Substring) {
            guard let kind = Self.allCases.first(where: { locator.hasPrefix($0.letter) }) else { return nil }
            self = kind
        }
    }

    package let kind: Kind
    /// Letters and digits that stand for whoever may use the session.
    package let owner: String
    /// Random, or made from the request that began the session.
    package let number: String

    /// How the names of the files begin of those that are removed after `responses.keepDays`.
    static let fileNamePrefix = String(decoding: SessionKey.encoded(Kind.response.rawValue), as: UTF8.self)
    private static let ownerLength = 10
    /// 85 bits.
    private static let numberLength = 17
    /// Of owner and number.
    static let nameLength = ownerLength + numberLength

    /// Of everybody, while there are no API keys.
    package static let everybody = UnnamedSession.owner(of: "")

    /// What stands for an API key with this id.
    package static func owner(of keyID: String) -> String {
        String(Identifier.make(prefix: "", digest: SHA256.digest(of: keyID.utf8)).prefix(ownerLength))
    }

    /// A new session.
    ///
    /// - Parameter seed: makes the same number each time; nil for a random one.
    package init(_ kind: Kind = .response, owner: String, seed: String? = nil) {
        let number = seed.map { Identifier.make(prefix: "", digest: SHA256.digest(of: $0.utf8)) } ?? Identifier.make(prefix: "")
        (self.kind, self.owner, self.number) = (kind, owner, String(number.prefix(Self.numberLength)))
    }

    /// Nil if a client named the session.
    package init?(_ key: SessionKey) {
        guard let kind = Kind.allCases.first(where: { key.description.hasPrefix($0.rawValue) }) else { return nil }
        let name = key.description.utf8.dropFirst(kind.rawValue.utf8.count)
        let (owner, number) = (name.prefix(Self.ownerLength), name.dropFirst(Self.ownerLength))
        guard number.first == UInt8(ascii: ":") else { return nil }
        self.init(kind, name: String(decoding: Array(owner) + number.dropFirst(), as: UTF8.self))
    }

    /// Reads what `name` wrote; nil if it is something else.
    package init?(_ kind: Kind, name: some StringProtocol) {
        guard name.utf8.count == Self.nameLength, name.utf8.allSatisfy(Identifier.isDigit) else { return nil }
        (self.kind, owner, number) = (kind, String(name.prefix(Self.ownerLength)), String(name.dropFirst(Self.ownerLength)))
    }

    /// Owner and number.
    package var name: String { owner + number }

    package var key: SessionKey { SessionKey(self) }
}
