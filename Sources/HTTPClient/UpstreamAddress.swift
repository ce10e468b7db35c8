import Text

/// An upstream's base URL, such as `https://api.openai.com/v1`.
///
/// A server on a Unix-domain socket is written as in nginx: `http://unix:/run/model.sock:/v1`.
package struct UpstreamAddress: Sendable, Hashable, CustomStringConvertible {
    private let base: String
    package let socketPath: String?
    /// The address without user and password.
    package let description: String

    /// Reads an address; nil unless it is an `http` or `https` URL with a host and neither query nor fragment.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }),
            let separator = text.utf8.firstRange(of: "://".utf8)
        else { return nil }
        let scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        var rest = text[separator.upperBound...]
        while rest.hasSuffix("/") { rest.removeLast() }
        if rest.hasPrefix("unix:/") {
            let path = rest.dropFirst("unix:".count)
            let end = path.firstIndex(of: ":") ?? path.endIndex
            socketPath = String(path[..<end])
            base = "\(scheme)://localhost\(path[end...].dropFirst())"
            description = "\(scheme)://\(rest)"
            return
        }
        let authority = rest[..<(rest.firstIndex(of: "/") ?? rest.endIndex)]
        let host = authority.utf8.lastIndex(of: UInt8(ascii: "@")).map { authority[authority.index(after: $0)...] } ?? authority
        guard !host.isEmpty, !host.hasPrefix(":") else { return nil }
        socketPath = nil
        base = "\(scheme)://\(rest)"
        description = "\(scheme)://\(host)\(rest[authority.endIndex...])"
    }

    /// The URL of a path below the address, such as `chat/completions`.
    package func url(_ path: String) -> String { "\(base)/\(path)" }
}
