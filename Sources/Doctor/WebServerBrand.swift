import Text

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
        func has(_ word: String) -> Bool { name.utf8.firstRange(of: word.utf8) != nil }
        // OpenResty and Tengine are configured like nginx, LiteSpeed by Apache's .htaccess.
        if ["nginx", "openresty", "tengine"].contains(where: has) {
            self = .nginx
        } else if has("lighttpd") {
            self = .lighttpd
        } else if ["apache", "litespeed"].contains(where: has) {
            self = .apache
        } else if has("caddy") {
            self = .caddy
        } else {
            return nil
        }
    }
}
