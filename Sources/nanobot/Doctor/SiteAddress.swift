import ArgumentParser
import Models

/// Where clients reach the program: a URL, of which the paths in front may be asked for, too.
struct SiteAddress: ExpressibleByArgument, CustomStringConvertible {
    /// Without user and password.
    let description: String
    /// Scheme and authority.
    let origin: String
    /// The path's segments as they are written.
    let path: [String]

    /// Reads a URL; one without a scheme is taken for `http`. Nil where it is none.
    init?(argument: String) {
        let text = argument.contains("://") ? argument : "http://" + argument
        guard let address = UpstreamAddress(text), !address.description.contains("://unix:"), let scheme = text.firstRange(of: "://") else {
            return nil
        }
        description = address.description
        let parts = text[scheme.upperBound...].split(separator: "/")
        origin = String(text[..<scheme.upperBound] + (parts.first ?? ""))
        path = parts.dropFirst().map(String.init)
    }

    /// The URL of what is below the address.
    func url(_ below: String) -> String { ([origin] + path).joined(separator: "/") + "/" + below }
}
