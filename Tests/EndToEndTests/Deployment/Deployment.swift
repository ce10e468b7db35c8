import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// nanobot behind a web server of the operator's, with the files under deploy/ as they stand: in a view of the file system in which the
/// program, its socket and the data are where those files look for them.
struct Deployment: Sendable {
    /// How requests reach the program.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case nginx
        case nginxWithoutKeepAlive = "nginx without fastcgi_keep_conn"
        case nginxToPort = "nginx to a TCP port"
        case lighttpd
        case lighttpdSpawn = "lighttpd, which starts two processes"
        case lighttpdCGI = "lighttpd over CGI"
        case apache
        case apacheFcgid = "Apache, which starts the processes"
        case apacheCGI = "Apache over CGI"
        case apachePrefork = "Apache over CGI, by mod_cgi"
        case caddy
        case spawnFcgi = "spawn-fcgi"
        case systemd = "a socket of systemd's"

        var testDescription: String { rawValue }

        /// Whether the program answers one request, and ends.
        var isCGI: Bool { self == .lighttpdCGI || self == .apacheCGI || self == .apachePrefork }
        /// Whether the web server starts the program.
        var isSpawned: Bool { isCGI || self == .lighttpdSpawn || self == .apacheFcgid }
        var isLighttpd: Bool { self == .lighttpd || self == .lighttpdSpawn || self == .lighttpdCGI }
    }

    let server: Server
    private let responder: Program?

    /// Runs `body` with a deployment that is stopped afterwards, whatever happens: then no process may be left of it.
    ///
    /// - Parameters:
    ///   - settings: the program's configuration file, in JSON.
    ///   - mount: where the files' comments put the API, if it is not at the root; over CGI it is where the program is in any case.
    ///   - rule: more lines for the web server's site.
    static func run(
        _ way: Way, settings: String = "{}", mount: String = "", rule: String = "", _ body: (Server) async throws -> Void
    ) async throws {
        try await run(way, settings: settings, mount: mount, rule: rule) { server, _ in try await body(server) }
    }

    /// As above; `body` also gets the programs that were started, of which one has the responder's processes below it.
    static func run(
        _ way: Way, settings: String = "{}", mount: String = "", rule: String = "", _ body: (Server, [Program]) async throws -> Void
    ) async throws {
        let deployment = try await Deployment(way, settings, mount, rule)
        do {
            try await body(deployment.server, [deployment.server.program] + [deployment.responder].compactMap(\.self))
        } catch {
            try await deployment.stop(way)
            throw error
        }
        try await deployment.stop(way)
    }

    private init(_ way: Way, _ settings: String, _ mount: String, _ rule: String) async throws {
        let home = try TemporaryDirectory()
        let port = try Port.reserve()
        let responderPort = try Port.reserve()
        try Self.makeFolders(home, settings: settings)
        var started: [Program] = []
        var isReady = false
        defer { if !isReady { for program in started { program.send(SIGKILL) } } }
        responder = try way.responder(port: responderPort).map { try Self.start($0, home) }
        if let responder {
            started.append(responder)
            let socket = home.path + "/run/socket"
            let listens = try await eventually {
                way == .nginxToPort ? SocketAddress.loopback(responderPort).isAnswered : SocketAddress.unix(socket).isAnswered
            }
            try #require(listens, "\(responder.standardError)")
            // systemd's SocketMode.
            if way == .systemd { chmod(socket, 0o666) }
        }
        let text = way.configuration(port: port, responderPort: responderPort, mount: mount, rule: rule)
        let configuration = try home.file("web.conf", text.utf8)
        let program = try Self.start(way.webServer(configuration: configuration), home)
        started.append(program)
        var server = Server(port: port, program: program, home: home)
        server.dataDirectory = home.path + "/www/.nanobot/data"
        server.mount = way.isCGI ? "/cgi-bin/nanobot.cgi" : mount
        self.server = server
        isReady = try await eventually { SocketAddress.loopback(port).isAnswered }
        try #require(isReady, "\(program.standardError)")
    }

    /// Stops it as an operator does.
    private func stop(_ way: Way) async throws {
        let processes = Namespace(of: server.program)
        server.program.send(way.stopSignal)
        _ = try await server.program.outcome()
        let areGone = try await eventually { try processes.map { try $0.isEmpty } ?? true }
        #expect(areGone, "the web server's processes are left")
        guard let responder else { return }
        responder.send(SIGTERM)
        let outcome = try await responder.outcome()
        #expect(outcome.status == 0, "\(outcome.standardError)")
    }

    private static func makeFolders(_ home: TemporaryDirectory, settings: String) throws {
        for folder in ["run", "www", "www/html", "www/.nanobot"] { mkdir(home.path + "/" + folder, 0o755) }
        // Caddy reads its configuration as its own user, and a responder may have its data where the web server has its files.
        chmod(home.path, 0o755)
        chmod(home.path + "/www/html", 0o777)
        _ = try home.file("www/.nanobot/config.json", settings.utf8)
        let webUser = try #require(getpwnam("www-data")).pointee
        for path in ["www", "www/.nanobot", "www/.nanobot/config.json"] { chown(home.path + "/" + path, webUser.pw_uid, webUser.pw_gid) }
    }

    /// Starts a command in a view of the file system of its own, in the directory in which a service starts.
    private static func start(_ command: [String], _ home: TemporaryDirectory) throws -> Program {
        let script = """
            set -e
            mount -t tmpfs tmpfs /run && mkdir /run/nanobot /run/lighttpd /run/apache2 /run/lock
            chown www-data /run/lighttpd && mount --bind '\(home.path)/run' /run/nanobot
            mount -t tmpfs -o mode=755 tmpfs /usr/local/bin && touch /usr/local/bin/nanobot
            mount --bind '\(Nanobot.path)' /usr/local/bin/nanobot && mount --bind '\(home.path)/www' /var/www
            umask 0
            cd /
            exec "$@"
            """
        var environment = Program.environment
        environment["XDG_DATA_HOME"] = home.path
        environment["HOME"] = "/var/www"
        return try Program("unshare", ["--mount", "sh", "-c", script, "sh"] + command, environment: environment)
    }
}

/// The processes that share one's view of the file system.
private struct Namespace {
    private let name: String

    /// Nil where the process has ended.
    init?(of program: Program) {
        guard let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(program.processID)/ns/mnt") else { return nil }
        self.name = name
    }

    var isEmpty: Bool {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").allSatisfy { process in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/mnt")) != name
            }
        }
    }
}
