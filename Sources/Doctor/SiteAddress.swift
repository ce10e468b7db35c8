import HTTPClient
import Text

/// The URL where clients reach the program. The doctor may request the paths above it, too.
package struct SiteAddress: Sendable, CustomStringConvertible {
    /// Scheme and authority.
    let origin: String
    /// The path's segments as they were written.
    let path: [String]
    /// The origin without user and password.
    private let shownOrigin: String

    /// Parses a URL; the scheme is `http` if it has none. Nil if the text is not a URL.
    package init?(_ text: String) {
        let text = text.utf8.firstRange(of: "://".utf8) != nil ? text : "http://" + text
        guard let address = UpstreamAddress(text), !address.description.hasPrefix("http://unix:"),
            !address.description.hasPrefix("https://unix:"), let scheme = text.utf8.firstRange(of: "://".utf8)
        else {
            return nil
        }
        shownOrigin = address.description.split(separator: "/").prefix(2).joined(separator: "//")
        let parts = text[scheme.upperBound...].split(separator: "/")
        origin = String(text[..<scheme.upperBound] + (parts.first ?? ""))
        path = parts.dropFirst().map(String.init)
    }

    /// The address without user and password.
    package var description: String { ([shownOrigin] + path).joined(separator: "/") }

    /// The address without user and password, with another path.
    func shown(_ path: String) -> String { shownOrigin + path }

    /// The URL of a path below the address.
    func url(_ below: String) -> String { ([origin] + path).joined(separator: "/") + "/" + below }
}
