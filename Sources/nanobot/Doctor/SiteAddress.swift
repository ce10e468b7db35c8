import ArgumentParser
import HTTPClient
import Models

/// Where clients reach the program: a URL, of which the paths in front may be asked for, too.
struct SiteAddress: ExpressibleByArgument, CustomStringConvertible {
    /// Scheme and authority.
    let origin: String
    /// The path's segments as they are written.
    let path: [String]
    /// The origin without user and password.
    private let shownOrigin: String

    /// Reads a URL; one without a scheme is taken for `http`. Nil where it is none.
    init?(argument: String) {
        let text = argument.contains("://") ? argument : "http://" + argument
        guard let address = UpstreamAddress(text), !address.description.contains("://unix:"), let scheme = text.firstRange(of: "://") else {
            return nil
        }
        shownOrigin = address.description.split(separator: "/").prefix(2).joined(separator: "//")
        let parts = text[scheme.upperBound...].split(separator: "/")
        origin = String(text[..<scheme.upperBound] + (parts.first ?? ""))
        path = parts.dropFirst().map(String.init)
    }

    /// As it may be printed: without user and password.
    var description: String { ([shownOrigin] + path).joined(separator: "/") }

    /// As it may be printed, with another path.
    func shown(_ path: String) -> String { shownOrigin + path }

    /// The URL of what is below the address.
    func url(_ below: String) -> String { ([origin] + path).joined(separator: "/") + "/" + below }
}
