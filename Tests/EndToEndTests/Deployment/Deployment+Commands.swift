import Foundation
import Glibc
import Testing

extension Deployment.Way {
    private static let binary = "/usr/local/bin/nanobot"

    /// What starts the responder; nil where the web server does.
    func responder(port: Int) -> [String]? {
        switch self {
        case _ where isSpawned: nil
        case .spawnFcgi:
            ["spawn-fcgi", "-n", "-s", "/run/nanobot/socket", "-M", "0660", "-G", "www-data", "--", Self.binary, "fastcgi", "--supervise"]
        case .systemd: ["systemd-socket-activate", "-E", "HOME", "-l", "/run/nanobot/socket", Self.binary, "fastcgi", "--supervise"]
        case .nginxToPort: [Self.binary, "fastcgi", "--supervise", "--socket", "127.0.0.1:\(port)"]
        default:
            [
                Self.binary, "fastcgi", "--supervise", "--socket", "unix:/run/nanobot/socket", "--socket-mode", "660", "--socket-group",
                self == .caddy ? "caddy" : "www-data",
            ]
        }
    }

    func webServer(configuration: String) -> [String] {
        switch self {
        case .lighttpd, .lighttpdSpawn, .lighttpdCGI: ["lighttpd", "-D", "-f", configuration]
        // In a process group of its own, which it ends as a whole.
        case .apache, .apacheFcgid, .apacheCGI, .apachePrefork: ["setsid", "apache2", "-D", "FOREGROUND", "-f", configuration]
        // As Debian's service starts it, whose user has no rights but to its own files.
        case .caddy:
            [
                "setpriv", "--reuid", "caddy", "--regid", "caddy", "--init-groups", "--inh-caps=-all", "caddy", "run", "--environ",
                "--config",
                configuration, "--adapter", "caddyfile",
            ]
        default: ["nginx", "-e", "stderr", "-c", configuration]
        }
    }

    /// The signal that ends the web server once its requests have ended.
    var stopSignal: CInt {
        switch self {
        case .lighttpd, .lighttpdSpawn, .lighttpdCGI: SIGINT
        case .apache, .apacheFcgid, .apacheCGI, .apachePrefork: SIGWINCH
        case .caddy: SIGTERM
        default: SIGQUIT
        }
    }

    /// What an operator has around the files that are shipped.
    ///
    /// - Parameter rule: more lines for the site.
    func configuration(port: Int, responderPort: Int, mount: String, rule: String) -> String {
        switch self {
        case .lighttpd, .lighttpdSpawn, .lighttpdCGI: lighttpd(port, mount) + rule + "\n"
        case .apache, .apacheFcgid, .apacheCGI, .apachePrefork: apache(port, mount) + rule + "\n"
        case .caddy: caddy(port, mount, rule)
        default: nginx(port, responderPort, mount, rule)
        }
    }

    /// The lines of deploy/README.md that keep everyone from sessions, for this web server and mount point.
    func sessionRule(mount: String) throws -> String {
        let name = isLighttpd ? "lighttpd" : rawValue.hasPrefix("Apache") || self == .apache ? "Apache" : self == .caddy ? "Caddy" : "nginx"
        let readme = try #require(FileManager.default.contents(atPath: Nanobot.deploy + "/README.md"))
        let lines = String(decoding: readme, as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("    \(name) ") && $0.contains("sessions?") }).dropFirst(4 + name.count)
        let rule = line.trimmingCharacters(in: .whitespaces).replacing("^/", with: name == "Caddy" ? "^/" : "^\(mount)/")
        return switch name {
        case "Apache": rule.replacing("> ", with: ">\n") + "\n</LocationMatch>"
        case "Caddy": rule + "\nrespond @sessions 403"
        default: rule
        }
    }

    private func caddy(_ port: Int, _ mount: String, _ rule: String) -> String {
        let shipped = rule + "\nimport \(Nanobot.deploy)/caddy/nanobot.caddy"
        return """
            {
                admin off
                auto_https off
            }
            http://:\(port) {
                bind 127.0.0.1
                \(mount.isEmpty ? shipped : "handle_path \(mount)/* {\n\(shipped)\n}")
            }

            """
    }

    private func nginx(_ port: Int, _ responderPort: Int, _ mount: String, _ rule: String) -> String {
        var shipped = ["nanobot.conf", "nanobot-server.conf"].map { Self.shipped("nginx/\($0)") }
        shipped[1].replace("location / {", with: "location \(mount)/ {")
        shipped[1].replace("^()(/.*)$", with: "^(\(mount))(/.*)$")
        // As its comment says; of the other origins no test sends any.
        shipped[0].replace("# \"https://app.example:8443\"", with: "\"https://app.example:8443\"")
        if self == .nginxWithoutKeepAlive { shipped[1].replace("fastcgi_keep_conn on", with: "fastcgi_keep_conn off") }
        if self == .nginxToPort { shipped[0].replace("unix:/run/nanobot/socket", with: "127.0.0.1:\(responderPort)") }
        return """
            user www-data; daemon off; pid /run/nginx.pid; error_log stderr;
            events { worker_connections 1024; }
            http {
                access_log off;
                client_body_temp_path /run/nginx-body; fastcgi_temp_path /run/nginx-fastcgi; proxy_temp_path /run/nginx-proxy;
                uwsgi_temp_path /run/nginx-uwsgi; scgi_temp_path /run/nginx-scgi;
                \(shipped[0])
                server {
                    listen 127.0.0.1:\(port);
                    \(rule)
                    \(shipped[1].replacing("include fastcgi_params", with: "include /etc/nginx/fastcgi_params"))
                }
            }

            """
    }

    private func lighttpd(_ port: Int, _ mount: String) -> String {
        let file =
            switch self {
            case .lighttpdSpawn: "nanobot-spawn.conf"
            case .lighttpdCGI: "nanobot-cgi.conf"
            default: "nanobot-socket.conf"
            }
        let mounted = Self.shipped("lighttpd/\(file)").replacing("\"/\" => ((", with: "\"\(mount)\" => ((")
        return """
            server.modules = ( "mod_access" )
            server.bind = "127.0.0.1"
            server.port = \(port)
            server.username = "www-data"
            server.groupname = "www-data"
            server.document-root = "/var/www/html"
            server.upload-dirs = ( "/run/lighttpd" )
            \(mount.isEmpty ? "include \"\(Nanobot.deploy)/lighttpd/\(file)\"" : mounted)

            """
    }

    private func apache(_ port: Int, _ mount: String) -> String {
        let (file, ways) =
            switch self {
            case .apacheFcgid: ("nanobot-fcgid.conf", ["fcgid"])
            case .apacheCGI: ("nanobot-cgi.conf", ["cgid"])
            case .apachePrefork: ("nanobot-cgi.conf", ["cgi"])
            default: ("nanobot.conf", ["proxy", "proxy_fcgi"])
            }
        let modules = [self == .apachePrefork ? "mpm_prefork" : "mpm_event", "authz_core", "alias", "env"] + ways
        return """
            ServerName localhost
            Listen 127.0.0.1:\(port)
            PidFile /run/apache2/pid
            DefaultRuntimeDir /run/apache2
            ErrorLog /run/apache2/log
            \(modules.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }.joined(separator: "\n"))
            User www-data
            Group www-data
            DocumentRoot /var/www/html
            \(mount.isEmpty ? "Include \(Nanobot.deploy)/apache/\(file)" : Self.mounted(Self.shipped("apache/\(file)"), mount))

            """
    }

    private static func shipped(_ file: String) -> String {
        FileManager.default.contents(atPath: "\(Nanobot.deploy)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// One of Apache's files, with the lines that its comments give for a mount point.
    private static func mounted(_ file: String, _ mount: String) -> String {
        file.split(separator: "\n").map(String.init).filter {
            !$0.contains("ProxyFCGISetEnvIf \"true\" PATH_INFO") && !$0.hasSuffix("SCRIPT_NAME \"\"")
        }
        .joined(separator: "\n").replacing("# /chat: ", with: "").replacing("ProxyPass \"/\"", with: "ProxyPass \"\(mount)/\"")
        .replacing("ScriptAlias \"/\"", with: "ScriptAlias \"\(mount)/\"").replacing("/chat", with: mount)
    }
}
