import Text

/// A fix for a web server: lines for its configuration.
enum Fix {
    /// A request header that does not arrive, such as `X-Session-Key`.
    case header(String)
    /// The query string does not arrive.
    case query
    /// The web server buffers the chunks of a response.
    case streams
    /// The web server gives up on a response that takes this many seconds.
    case timeout(Int)
    /// A cache gives one session's response to another.
    case cache
    /// The web server refuses a body of this many bytes.
    case body(Int)
    /// The root of the file system is the document root.
    case documentRoot
    /// Requests for a path, such as `/chat/`, do not reach the program.
    case path(String)
    /// The path is right, but the program is not reached, or not told the path.
    case program
    /// Everyone can read the files of a directory, whose path ends in a slash.
    case served(String)

    /// Choosing another data directory.
    static let elsewhere = [
        "nanobot, in the configuration (or --data-dir, NANOBOT_DATA_DIR), and move what is in this one:",
        "    {\"dataDir\":\"/var/lib/nanobot\"}",
    ]

    /// The lines for each of some web servers, after a line that says where they go.
    func lines(_ brands: [WebServerBrand]) -> [String] {
        brands.flatMap { brand in
            let (place, lines) =
                switch brand {
                case .nginx: nginx
                case .lighttpd: lighttpd
                case .apache: apache
                case .caddy: caddy
                }
            return ["\(brand.rawValue), \(place):"] + lines.map { "    " + $0 }
        }
    }

    private var nginx: (place: String, lines: [String]) {
        switch self {
        case .header(let name):
            let variable = name.lowercased().replacing("-", with: "_")
            return (
                "where fastcgi_pass is, instead of other lines with HTTP_\(variable.uppercased()) (or where proxy_pass is, the last line)",
                [
                    "fastcgi_pass_request_headers on;",
                    "fastcgi_param HTTP_\(variable.uppercased()) $http_\(variable) if_not_empty;",
                    "proxy_set_header \(name) $http_\(variable);",
                ]
            )
        case .query: return ("where fastcgi_pass is", ["fastcgi_param QUERY_STRING $query_string;"])
        case .streams:
            return (
                "where fastcgi_pass is (or where proxy_pass is, the last two lines)",
                ["fastcgi_buffering off;", "gzip off;", "proxy_buffering off;"]
            )
        case .timeout(let seconds):
            return (
                "where fastcgi_pass is (or where proxy_pass is, the last line)",
                ["fastcgi_read_timeout \(seconds)s;", "proxy_read_timeout \(seconds)s;"]
            )
        case .body(let bytes): return ("in the server block", ["client_max_body_size \(bytes);"])
        case .documentRoot: return ("in the server block", ["root /var/www/html;"])
        case .cache:
            return ("where fastcgi_pass is (or where proxy_pass is, the last line)", ["fastcgi_cache off;", "proxy_cache off;"])
        case .path(let path):
            return (
                "in the server block",
                [
                    "location \(path) {", "    include fastcgi_params;",
                    "    fastcgi_split_path_info \"(?s)^(\(path.dropLast()))(/.*)$\";", "    fastcgi_param PATH_INFO $fastcgi_path_info;",
                    "    fastcgi_pass unix:/run/nanobot/socket;",
                    "    fastcgi_read_timeout 600s;", "}",
                ]
            )
        case .program: return ("where fastcgi_pass is", ["include fastcgi_params;", "fastcgi_pass unix:/run/nanobot/socket;"])
        case .served(let path): return ("in the server block", ["location ^~ \(path) { deny all; }"])
        }
    }

    private var lighttpd: (place: String, lines: [String]) {
        switch self {
        case .header(let name): return ("in setenv.set-request-header, which alone keeps headers back", ["remove \"\(name)\""])
        case .query: return ("in url.rewrite-once and its like", ["end each replacement with ${qsa}"])
        case .streams: return ("in front of all conditions", ["server.stream-response-body = 1"])
        case .timeout(let seconds):
            return (
                "in the entry of fastcgi.server (or with mod_cgi, the second line), and in front of all conditions",
                ["\"read-timeout\" => \(seconds)", "cgi.limits = ( \"read-timeout\" => \(seconds) )", "server.max-write-idle = \(seconds)"]
            )
        case .body(let bytes): return ("in front of all conditions", ["server.max-request-size = \((bytes + 1023) / 1024)"])
        case .documentRoot: return ("in front of all conditions", ["server.document-root = \"/var/www/html\""])
        case .cache: return ("which stores no answers itself, but what is in front of it (a CDN) may", ["store nothing of these paths"])
        case .path(let path):
            let prefix = path == "/" ? path : String(path.dropLast())
            return (
                "with mod_fastcgi",
                [
                    "fastcgi.server += ( \"\(prefix)\" => ((", "    \"socket\" => \"/run/nanobot/socket\",",
                    "    \"check-local\" => \"disable\",",
                    "    \"fix-root-scriptname\" => \"enable\"", ")) )",
                ]
            )
        case .program:
            return ("in the entry of fastcgi.server", ["\"socket\" => \"/run/nanobot/socket\",", "\"check-local\" => \"disable\","])
        case .served(let path): return ("with mod_access", ["$HTTP[\"url\"] =~ \"^\(path)\" { url.access-deny = ( \"\" ) }"])
        }
    }

    private var apache: (place: String, lines: [String]) {
        switch self {
        case .header("Authorization"):
            return (
                "in <Location>, <Directory> or .htaccess (where that is not allowed, the second line)",
                ["CGIPassAuth On", "SetEnvIf Authorization .+ HTTP_AUTHORIZATION=$0"]
            )
        case .header(let name):
            return (
                "instead of a line with RequestHeader unset \(name)",
                ["SetEnvIf \(name) .+ HTTP_\(name.uppercased().replacing("-", with: "_"))=$0"]
            )
        case .query: return ("in each RewriteRule that has a question mark", ["[QSA,L]"])
        case .streams:
            return (
                "for mod_proxy_fcgi (with mod_fcgid, the second line), and against compression",
                [
                    "ProxyPass \"/\" \"unix:/run/nanobot/socket|fcgi://nanobot/\" flushpackets=on timeout=600", "FcgidOutputBufferSize 0",
                    "SetEnv no-gzip 1",
                ]
            )
        case .timeout(let seconds):
            return (
                "in the virtual host, and timeout=\(seconds) at the end of ProxyPass (with mod_fcgid, the last two lines, too)",
                ["Timeout \(seconds)", "ProxyTimeout \(seconds)", "FcgidIOTimeout \(seconds)", "FcgidBusyTimeout \(seconds)"]
            )
        case .body(let bytes):
            return (
                "in the virtual host (with mod_fcgid, the second line, too)", ["LimitRequestBody \(bytes)", "FcgidMaxRequestLen \(bytes)"]
            )
        case .documentRoot: return ("in the virtual host", ["DocumentRoot \"/var/www/html\""])
        case .cache: return ("in the virtual host, instead of CacheEnable", ["CacheDisable \"/\""])
        case .path(let path):
            return (
                "with mod_proxy_fcgi (over CGI, the second line, with the program's path)",
                [
                    "ProxyPass \"\(path)\" \"unix:/run/nanobot/socket|fcgi://nanobot/\" flushpackets=on timeout=600",
                    "ScriptAlias \"\(path)\" \"/usr/lib/cgi-bin/nanobot/\"",
                ]
            )
        case .program:
            return (
                "with mod_proxy_fcgi",
                ["ProxyPass \"/\" \"unix:/run/nanobot/socket|fcgi://nanobot/\" flushpackets=on timeout=600"]
            )
        case .served: return ("in the file .htaccess of that directory", ["Require all denied"])
        }
    }

    private var caddy: (place: String, lines: [String]) {
        let proxy = [
            "reverse_proxy unix//run/nanobot/socket {", "    transport fastcgi {", "        env DOCUMENT_ROOT {http.vars.root}",
            "        read_timeout 600s", "        write_timeout 600s", "    }", "    flush_interval -1", "}",
        ]
        switch self {
        case .header(let name): return ("in request_header and header_up, which alone keep headers back", ["remove -\(name)"])
        case .query: return ("in each rewrite", ["end the new URI with ?{query}"])
        case .streams: return ("in reverse_proxy, and without encode", ["flush_interval -1"])
        case .timeout(let seconds):
            return ("in transport fastcgi (or transport http)", ["read_timeout \(seconds)s", "write_timeout \(seconds)s"])
        case .body(let bytes): return ("in the site's block", ["request_body {", "    max_size \(bytes)", "}"])
        case .documentRoot: return ("in transport fastcgi", ["env DOCUMENT_ROOT {http.vars.root}"])
        case .cache: return ("in the site's block", ["remove the directive cache"])
        case .path("/"): return ("in the site's block", proxy)
        case .path(let path): return ("in the site's block", ["handle_path \(path)* {"] + proxy.map { "    " + $0 } + ["}"])
        case .program: return ("in the site's block", proxy)
        case .served(let path): return ("in the site's block", ["respond \(path)* 403"])
        }
    }
}
