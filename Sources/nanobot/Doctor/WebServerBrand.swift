import HTTPClient
import Models

/// A web server in whose language a remedy is written.
enum WebServerBrand: String, CaseIterable {
    case nginx
    case lighttpd
    case apache = "Apache"

    /// Those that name themselves, in front (the header `Server`) or beside the program; all, where none does.
    static func brands(_ names: [String?]) -> [WebServerBrand] {
        let known = Set(names.compactMap { name in name.flatMap(Self.init(named:)) })
        return allCases.filter { known.isEmpty || known.contains($0) }
    }

    private init?(named name: String) {
        let name = name.lowercased()
        // They have another's configuration: OpenResty and Tengine nginx's, LiteSpeed Apache's .htaccess.
        if ["nginx", "openresty", "tengine"].contains(where: name.contains) {
            self = .nginx
        } else if name.contains("lighttpd") {
            self = .lighttpd
        } else if ["apache", "litespeed"].contains(where: name.contains) {
            self = .apache
        } else {
            return nil
        }
    }
}
