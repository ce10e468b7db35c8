/// A text as a member of a set or the key of a dictionary: hashed by its UTF-8 bytes, as `==` compares them.
package struct TextKey: Hashable, Sendable {
    @usableFromInline
    package let text: String

    @inlinable
    package init(_ text: String) { self.text = text }

    @inlinable
    package static func == (left: TextKey, right: TextKey) -> Bool { left.text == right.text }

    @inlinable
    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
