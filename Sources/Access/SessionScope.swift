import Text

/// Sessions that an API key may use: those whose keys begin with a text that ends with a colon, such as `wx:group:g1:`, or all, `*`.
package struct SessionScope: Sendable, Equatable {
    package let description: String

    /// In bytes of UTF-8.
    private static let maximumLength = 512

    /// Nil unless the text is a scope. Without the colon, `wx:group:g1` would cover the sessions of the group `g10`.
    package init?(_ text: String) {
        let isPrefix =
            text.hasSuffix(":") && text.utf8.count <= Self.maximumLength
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0 != "\u{fffd}" }
        guard isPrefix || text == "*" else { return nil }
        description = text
    }

    package static func == (left: SessionScope, right: SessionScope) -> Bool { left.description == right.description }

    /// Whether the session of this key is covered, or all sessions whose keys begin with it.
    package func covers(_ session: String) -> Bool { description == "*" || session.hasPrefix(description) }
}
