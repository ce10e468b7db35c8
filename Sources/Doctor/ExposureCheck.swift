import HTTPClient
import Server
import Sessions
import SystemPackage
import Server
import Text

/// Checks that the web server does not give files of the data directory to everyone: it asks for the probe's file wherever that may be.
struct ExposureCheck {
    let site: SiteAddress
    let directory: FilePath
    let token: ProbeToken
    let engine: TransferEngine

    func diagnostics(_ brands: [WebServerBrand]) async -> [Diagnostic] {
        let content = Array(token.content.utf8)
        let paths = Self.paths(of: directory, at: site)
        for path in paths {
            do {
                let response = try await engine.ask(site.origin + path + token.name, timeout: SiteCheck.timeout)
                guard response.status == 200, response.body.starts(with: content) else { continue }
            } catch {
                return [.warning("data over HTTP: it could not be seen whether \(site.shown(path)) is the data directory: \(error)")]
            }
            let denial = path == "/" ? [] : ["until then:"] + Fix.served(path).lines(brands)
            return [
                .problem("data over HTTP: everyone can read the data directory at \(site.shown(path))", Fix.elsewhere + denial)
            ]
        }
        return [.ok("data over HTTP: the data directory is at none of the \(paths.count) paths where it might be")]
    }

    /// The directory's last names, from none to all, below the site's path and below each path above it.
    static func paths(of directory: FilePath, at site: SiteAddress) -> [String] {
        var paths: [String] = []
        let resolved = DocumentRootCheck.resolved(directory.string).map { FilePath($0) } ?? directory
        let names = [directory, resolved].map { $0.components.map { encoded($0.string) }.suffix(8) }
        for length in stride(from: min(site.path.count, 6), through: 0, by: -1) {
            for names in names {
                for count in 0...names.count {
                    let path = ([""] + site.path.prefix(length) + names.suffix(count) + [""]).joined(separator: "/")
                    if !paths.contains(path) { paths.append(path) }
                }
            }
        }
        return paths
    }

    /// RFC 3986, section 2.
    private static func encoded(_ name: String) -> String {
        name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
