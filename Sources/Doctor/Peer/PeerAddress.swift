package import SystemPackage
import Text

/// Where a data directory can be seen by a second client of its file system.
package enum PeerAddress: Sendable {
    /// On another mount of this host.
    case directory(FilePath)
    /// On another host, whose responder answers here.
    case site(SiteAddress)

    /// A URL with its scheme, or a path. Nil if the text is neither.
    package init?(_ text: String) {
        if text.utf8.firstRange(of: "://".utf8) != nil {
            guard let site = SiteAddress(text) else { return nil }
            self = .site(site)
        } else {
            guard !text.isEmpty else { return nil }
            self = .directory(FilePath(text))
        }
    }
}
