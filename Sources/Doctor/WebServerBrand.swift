/// A web server, in whose configuration language a fix is written.
enum WebServerBrand: String, CaseIterable {
    case nginx
    case lighttpd
    case apache = "Apache"
    case caddy = "Caddy"

    /// The brands that name themselves, to clients (the header `Server`) or to the program; all brands if none does.
    static func brands(_ names: [String?]) -> [WebServerBrand] {
        let known = Set(names.compactMap { name in name.flatMap(Self.init(named:)) })
        return allCases.filter { known.isEmpty || known.contains($0) }
    }

    private init?(named name: String) {
        let name = name.lowercased()
        // OpenResty and Tengine are configured like nginx, LiteSpeed by Apache's .htaccess.
        if ["nginx", "openresty", "tengine"].contains(where: name.contains) {
            self = .nginx
        } else if name.contains("lighttpd") {
            self = .lighttpd
        } else if ["apache", "litespeed"].contains(where: name.contains) {
            self = .apache
        } else if name.contains("caddy") {
            self = .caddy
        } else {
            return nil
        }
    }
}
