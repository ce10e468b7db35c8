import HTTPClient

/// Where clients reach the program: a URL. The paths above it may be asked for, too.
package struct SiteAddress: Sendable, CustomStringConvertible {
    /// Scheme and authority.
    let origin: String
    /// The path's segments as they are written.
    let path: [String]
    /// The origin without user and password.
    private let shownOrigin: String

    /// Reads a URL; `http` if it has no scheme. Nil if the text is no URL.
    package init?(_ text: String) {
        let text = text.contains("://") ? text : "http://" + text
        guard let address = UpstreamAddress(text), !address.description.contains("://unix:"), let scheme = text.firstRange(of: "://") else {
            return nil
        }
        shownOrigin = address.description.split(separator: "/").prefix(2).joined(separator: "//")
        let parts = text[scheme.upperBound...].split(separator: "/")
        origin = String(text[..<scheme.upperBound] + (parts.first ?? ""))
        path = parts.dropFirst().map(String.init)
    }

    /// The address as it may be printed: without user and password.
    package var description: String { ([shownOrigin] + path).joined(separator: "/") }

    /// The address as it may be printed, with another path.
    func shown(_ path: String) -> String { shownOrigin + path }

    /// The URL of a path below the address.
    func url(_ below: String) -> String { ([origin] + path).joined(separator: "/") + "/" + below }
}
