import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// `nanobot fastcgi` behind a web server that a test configures, and `nanobot doctor` beside it.
struct CheckedSite: Sendable {
    enum Front: String, CaseIterable, CustomTestStringConvertible {
        case nginx
        case lighttpd
        case apache

        var testDescription: String { rawValue }
    }

    let home: TemporaryDirectory
    let port: Int
    private var webServer: Program?

    /// The responder's socket.
    var socket: String { home.path + "/responder.sock" }
    /// Files that the web server gives to everyone.
    var documentRoot: String { home.path + "/www" }
    var dataDirectory: String { home.path + "/data" }

    private init(home: TemporaryDirectory, port: Int) { (self.home, self.port) = (home, port) }

    /// Runs `body` with a site that is stopped afterwards, whatever happens.
    ///
    /// - Parameters:
    ///   - dataDirectory: the responder's, where it is not the site's own.
    ///   - environment: the responder's settings.
    ///   - text: what the web server's configuration says of this site.
    static func run(
        _ front: Front, dataDirectory: String? = nil, environment: [String: String] = [:], _ text: (CheckedSite) -> String,
        _ body: (CheckedSite) async throws -> Void
    ) async throws {
        var site = CheckedSite(home: try TemporaryDirectory(), port: try Port.reserve())
        let files = FileManager.default
        try files.createDirectory(atPath: site.documentRoot, withIntermediateDirectories: false)
        // The web server's workers are another user's, where root starts it.
        let responder = try Program(
            Nanobot.path,
            [
                "fastcgi", "--data-dir", site.home.path + "/" + (dataDirectory ?? "data"), "--socket", "unix:" + site.socket,
                "--socket-mode", "666",
            ],
            environment: Nanobot.environment(site.home).merging(environment) { $1 })
        let listens = try await eventually { SocketAddress.unix(site.socket).isAnswered }
        try #require(listens, "\(responder.standardError)")
        chmod(site.home.path, 0o711)
        let webServer = try site.start(front, text(site))
        site.webServer = webServer
        let answers = try await eventually { SocketAddress.loopback(site.port).isAnswered }
        do {
            try #require(answers, "\(webServer.standardError)")
            try await body(site)
        } catch {
            try await stop(webServer, responder)
            throw error
        }
        try await stop(webServer, responder)
    }

    private static func stop(_ programs: Program...) async throws {
        for program in programs {
            program.send(SIGTERM)
            _ = try await program.outcome()
        }
    }

    private func start(_ front: Front, _ text: String) throws -> Program {
        let configuration = try home.file("web.conf", configuration(front, text).utf8)
        return switch front {
        case .nginx: try Program("nginx", ["-e", "stderr", "-c", configuration])
        case .lighttpd: try Program("lighttpd", ["-D", "-f", configuration])
        case .apache: try Program("apache2", ["-D", "FOREGROUND", "-f", configuration])
        }
    }

    private func configuration(_ front: Front, _ text: String) -> String {
        switch front {
        case .nginx:
            """
            \(geteuid() == 0 ? "user root;" : "")
            daemon off; pid \(home.path)/nginx.pid; error_log stderr;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path \(home.path)/body; fastcgi_temp_path \(home.path)/fastcgi; proxy_temp_path \(home.path)/proxy;
                uwsgi_temp_path \(home.path)/uwsgi; scgi_temp_path \(home.path)/scgi;
                fastcgi_cache_path \(home.path)/cache-fastcgi keys_zone=fastcgi:1m; proxy_cache_path \(home.path)/cache keys_zone=proxy:1m;
                server { listen 127.0.0.1:\(port); root \(documentRoot); \(text) }
            }
            """
        case .lighttpd:
            """
            server.modules = ( "mod_access", "mod_setenv", "mod_fastcgi", "mod_cgi" )
            server.bind = "127.0.0.1"
            server.port = \(port)
            server.document-root = "\(documentRoot)"
            server.upload-dirs = ( "\(home.path)" )
            \(text)
            """
        case .apache:
            Apache.configuration(
                port: port, directory: home.path,
                modules: ["alias", "cache", "cache_disk", "cgid", "headers", "proxy", "proxy_fcgi", "setenvif"],
                "ScriptSock \(home.path)/cgi.sock\nDocumentRoot \(documentRoot)\n\(text)")
        }
    }

    /// The site as its clients see it.
    var server: Server {
        get throws { Server(port: port, program: try #require(webServer), home: home) }
    }

    /// What `nanobot doctor` says of the site.
    func doctor(_ path: String = "", environment: [String: String] = [:], _ options: [String] = []) async throws -> Diagnosis {
        try await Diagnosis(
            home, ["--data-dir", dataDirectory, "http://127.0.0.1:\(port)\(path)"] + options, environment: environment)
    }
}
