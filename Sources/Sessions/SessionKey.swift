import Crypto
import JSON
import Text

/// The name of a session, as in the header `x-session-key`: for example `wx:dm:user_alice`.
package struct SessionKey: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// In bytes of UTF-8.
    package static let maximumLength = 512

    /// Checks a key: 1 to 512 bytes, no control characters, no white space at either end. What HTTP strips from a header's value is stripped
    /// by the web server. Nothing is stripped here, so that a key is the same to a web server's rules and limits. U+FFFD is refused because it replaces bytes that were not UTF-8, so two such
    /// keys would become one.
    package init(_ text: String) throws(SessionError) {
        let scalars = text.unicodeScalars
        guard let first = scalars.first, let last = scalars.last else { throw SessionError(.invalidKey, "The session key is empty") }
        guard !first.properties.isWhitespace, !last.properties.isWhitespace else {
            throw SessionError(.invalidKey, "The session key begins or ends with white space")
        }
        guard scalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw SessionError(.invalidKey, "The session key contains a control character")
        }
        guard !scalars.contains("\u{fffd}") else { throw SessionError(.invalidKey, "The session key is not valid UTF-8") }
        guard text.utf8.count <= Self.maximumLength else {
            throw SessionError(.invalidKey, "The session key is longer than \(Self.maximumLength) bytes")
        }
        description = text
    }

    init(_ session: UnnamedSession) { description = "\(session.kind.rawValue)\(session.owner):\(session.number)" }

    /// The session's file name without `.json` (FORMAT.md, "The name of a session's file"). Injective: two keys never share one.
    package var fileName: String {
        let name = Self.encoded(description)
        guard name.count > 200 else { return String(decoding: name, as: UTF8.self) }
        // File systems limit names to 255 bytes. A short name never contains "~", so it is never that of a long key.
        return String(decoding: name.prefix(Self.shortenedLength), as: UTF8.self) + "~" + SHA256.hexadecimal(of: description.utf8)
    }

    /// How much of a key's encoded bytes a shortened name begins with.
    static let shortenedLength = 100

    /// A key, or the beginning of one, as it stands in a file's name.
    static func encoded(_ text: String) -> [UInt8] {
        var name: [UInt8] = []
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
                // A name that begins with a dot is hidden, or a directory.
                if index > 0 || byte != UInt8(ascii: ".") { name.append(byte) } else { fallthrough }
            default:
                let code = String(byte, radix: 16, uppercase: true)
                name += ("%" + (code.utf8.count < 2 ? "0" : "") + code).utf8
            }
        }
        return name
    }

    /// The key whose file has this name; nil if the name is a shortened one, or no key's.
    init?(fileName: String) {
        var bytes: [UInt8] = []
        var rest = fileName.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: bytes, as: UTF8.self), let key = try? SessionKey(text), key.fileName == fileName else {
            return nil
        }
        self = key
    }

    /// The byte of the lock files that is locked for the session: an even number from a 62-bit hash, the same in every process and version.
    var lockOffset: Int64 {
        let bits = SHA256.digest(of: description.utf8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(bits >> 1) & ~1
    }

    /// The byte that is locked by the head of the queue of processes.
    var queueOffset: Int64 { lockOffset + 1 }

    /// Compares bytes: Swift compares strings by canonical equivalence, but two spellings are two keys and two files.
    package static func == (left: SessionKey, right: SessionKey) -> Bool {
        left.description == right.description
    }

    package func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }
}
