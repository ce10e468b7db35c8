import Foundation
import Glibc
import Harness
import Synchronization
import TestSupport
import Testing

/// `nanobot fastcgi` processes on one data directory, and an nginx of the operator's in front, which stays up. Paths below `/1`, `/2` and
/// so on go to one of them, all others to the first.
final class Site: Sendable {
    let home: TemporaryDirectory
    let port: Int
    private let command: [String]
    private let environment: [String: String]
    private let responders = Mutex<[Program]>([])
    private let webServer = Mutex<Program?>(nil)

    /// - Parameters:
    ///   - wrapper: a command that ends in running the one that is appended to it, in the same process.
    ///   - keepsConnections: whether nginx keeps its connections to the responders.
    private init(home: TemporaryDirectory, wrapper: [String], environment: [String: String]) throws {
        self.home = home
        port = try Port.reserve()
        command = wrapper + [Nanobot.path, "fastcgi", "--data-dir", home.path + "/data", "--socket"]
        self.environment = Nanobot.environment(home).merging(environment) { $1 }
    }

    /// Runs `body` with a site that is stopped afterwards, whatever happens.
    static func run(
        _ home: TemporaryDirectory? = nil, responders count: Int = 1, wrapper: [String] = [], environment: [String: String] = [:],
        keepsConnections: Bool = true, _ body: (Site) async throws -> Void
    ) async throws {
        let site = try Site(home: home ?? TemporaryDirectory(), wrapper: wrapper, environment: environment)
        do {
            try await site.start(count, keepsConnections: keepsConnections)
            try await body(site)
        } catch {
            try await site.stop()
            throw error
        }
        try await site.stop()
    }

    /// The site as its clients see it.
    var server: Server {
        get throws {
            let nginx = webServer.withLock(\.self)
            return Server(port: port, program: try #require(nginx), home: home)
        }
    }

    /// One of the responders; the first is 0.
    func responder(_ index: Int = 0) -> Program { responders.withLock { $0[index] } }

    /// Kills a responder and starts it again on its socket as soon as it is gone.
    func killAndRestart(_ index: Int) async throws {
        let old = responder(index)
        old.send(SIGKILL)
        let outcome = try await old.outcome()
        #expect(outcome.status == 128 + Int(SIGKILL), "\(outcome.standardError)")
        let new = try startResponder(index)
        responders.withLock { $0[index] = new }
    }

    private func startResponder(_ index: Int) throws -> Program {
        try Program(command[0], command[1...] + ["unix:" + socket(index)], environment: environment)
    }

    private func socket(_ index: Int) -> String { "\(home.path)/\(index + 1).sock" }

    private func start(_ count: Int, keepsConnections: Bool) async throws {
        for index in 0..<count {
            let responder = try startResponder(index)
            responders.withLock { $0.append(responder) }
        }
        let configuration = try home.file("nginx.conf", configuration(count, keepsConnections: keepsConnections).utf8)
        let nginx = try Program("nginx", ["-e", "stderr", "-c", configuration])
        webServer.withLock { $0 = nginx }
        // Nginx writes its process id once it listens.
        let isReady = try await eventually {
            FileManager.default.fileExists(atPath: home.path + "/nginx.pid")
                && (0..<count).allSatisfy { SocketAddress.unix(socket($0)).isAnswered }
        }
        try #require(isReady, "\(nginx.standardError) \(responders.withLock { $0.map(\.standardError) })")
    }

    /// Stops it as an operator does, and checks that every responder ends well.
    private func stop() async throws {
        if let nginx = webServer.withLock(\.self) {
            nginx.send(SIGQUIT)
            _ = try await nginx.outcome()
        }
        for (index, responder) in responders.withLock(\.self).enumerated() {
            responder.send(SIGTERM)
            let outcome = try await responder.outcome()
            #expect(outcome.status == 0, "\(outcome.standardError)")
            #expect(outcome.standardOutput.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: socket(index)))
        }
    }

    /// An nginx as an operator may have it: with Debian's fastcgi_params, and no limit on bodies.
    private func configuration(_ count: Int, keepsConnections: Bool) -> String {
        let upstreams = (0..<count).map { index in
            "upstream responder\(index + 1) { server unix:\(socket(index)); \(keepsConnections ? "keepalive 16;" : "") }"
        }
        let pass = "include /etc/nginx/fastcgi_params; fastcgi_keep_conn \(keepsConnections ? "on" : "off"); fastcgi_pass"
        let locations = ["location / { \(pass) responder1; }"] + (1...count).map { "location /\($0)/ { \(pass) responder\($0); }" }
        return """
            \(geteuid() == 0 ? "user root;" : "")
            daemon off; pid \(home.path)/nginx.pid; error_log stderr; worker_rlimit_nofile 4096;
            events { worker_connections 2048; }
            http {
                access_log off; client_max_body_size 0; fastcgi_read_timeout 600; fastcgi_send_timeout 600;
                client_body_temp_path \(home.path)/body; fastcgi_temp_path \(home.path)/fastcgi; proxy_temp_path \(home.path)/proxy;
                uwsgi_temp_path \(home.path)/uwsgi; scgi_temp_path \(home.path)/scgi;
                \(upstreams.joined(separator: "\n"))
                server {
                    listen 127.0.0.1:\(port);
                    \(locations.joined(separator: "\n"))
                }
            }
            """
    }
}
