import Glibc

/// Strings are compared by their UTF-8 bytes where this module is imported.
///
/// The standard library compares normalised characters: quadratic in a run of combining marks, which any client can send, and
/// `"e\u{301}" == "é"`. Its operators and methods of the same names are hidden by these. A test of the object files finds a source file
/// that still uses the standard library's (`Tests/EndToEndTests/Commands/TextComparisonTests.swift`).
extension StringProtocol {
    @inlinable
    package static func == <Other: StringProtocol>(left: Self, right: Other) -> Bool { left.utf8.elementsEqual(right.utf8) }

    @inlinable
    package static func != <Other: StringProtocol>(left: Self, right: Other) -> Bool { !left.utf8.elementsEqual(right.utf8) }

    @inlinable
    package func hasPrefix<Prefix: StringProtocol>(_ prefix: Prefix) -> Bool { utf8.starts(with: prefix.utf8) }

    @inlinable
    package func hasSuffix<Suffix: StringProtocol>(_ suffix: Suffix) -> Bool { utf8.reversed().starts(with: suffix.utf8.reversed()) }

    @inlinable
    package func contains(_ character: Character) -> Bool { contains { $0 == character } }

    @inlinable
    package func firstIndex(of character: Character) -> Index? { firstIndex { $0 == character } }

    @inlinable
    package func split(
        separator: Character, maxSplits: Int = .max, omittingEmptySubsequences: Bool = true
    ) -> [SubSequence] {
        split(maxSplits: maxSplits, omittingEmptySubsequences: omittingEmptySubsequences) { $0 == separator }
    }
}

extension String {
    @inlinable
    package static func == (left: String, right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.hasBytes(of: right)
    }

    /// Compares a text of the same length. (Byte by byte through its view, a text takes thirty instructions for each.)
    @usableFromInline
    func hasBytes(of other: String) -> Bool {
        let isSame = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { other in
                guard let left = own.baseAddress, let right = other.baseAddress else { return true }
                return memcmp(left, right, own.count) == 0
            }
        }
        return isSame.flatMap(\.self) ?? utf8.elementsEqual(other.utf8)
    }

    @inlinable
    package static func != (left: String, right: String) -> Bool { !(left == right) }

    @inlinable
    package static func ~= (pattern: String, text: String) -> Bool { pattern == text }

    @inlinable
    package static func < (left: String, right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    @inlinable
    package func hasPrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

    @inlinable
    package func hasSuffix(_ suffix: String) -> Bool { utf8.reversed().starts(with: suffix.utf8.reversed()) }

    /// True if another text, which is not empty, is part of it. (Compiled here: `utf8.firstRange(of:)` stays generic in its callers, and
    /// takes a thousand instructions for a byte.)
    package func includes(_ text: String) -> Bool {
        let (bytes, pattern) = (Array(utf8), Array(text.utf8))
        return bytes.indices.contains { bytes[$0] == pattern.first && bytes[$0...].starts(with: pattern) }
    }

    /// The text with every occurrence of another, which is not empty, replaced.
    package func replacing(_ text: String, with replacement: String) -> String {
        let (bytes, pattern) = (Array(utf8), Array(text.utf8))
        guard let first = pattern.first else { return self }
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == first, bytes[index...].starts(with: pattern) {
                result += replacement.utf8
                index += pattern.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension Optional where Wrapped == String {
    @inlinable
    package static func == (left: String?, right: String?) -> Bool {
        switch (left, right) {
        case (let left?, let right?): left == right
        case (nil, nil): true
        default: false
        }
    }

    @inlinable
    package static func == (left: String?, right: String) -> Bool { left.map { $0 == right } ?? false }

    @inlinable
    package static func != (left: String?, right: String?) -> Bool { !(left == right) }

    @inlinable
    package static func != (left: String?, right: String) -> Bool { !(left == right) }
}

extension Array where Element == String {
    @inlinable
    package static func == (left: [String], right: [String]) -> Bool { left.elementsEqual(right) { $0 == $1 } }

    @inlinable
    package static func != (left: [String], right: [String]) -> Bool { !(left == right) }
}

extension Sequence where Element == String {
    @inlinable
    package func contains(_ text: String) -> Bool { contains { $0 == text } }
}

extension Collection where Element == String {
    @inlinable
    package func firstIndex(of text: String) -> Index? { firstIndex { $0 == text } }
}

extension Character {
    @inlinable
    package static func == (left: Character, right: Character) -> Bool { left.utf8.elementsEqual(right.utf8) }

    @inlinable
    package static func != (left: Character, right: Character) -> Bool { !(left == right) }

    @inlinable
    package static func ~= (pattern: Character, character: Character) -> Bool { pattern == character }
}

extension RawRepresentable where RawValue == String, Self: CaseIterable {
    /// The case with this text; nil if there is none. `init(rawValue:)` compares normalised characters.
    package init?(text: String) {
        guard let value = Self.allCases.first(where: { $0.rawValue == text }) else { return nil }
        self = value
    }
}
