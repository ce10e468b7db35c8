import Foundation
import Glibc
import Testing

@Suite("The responder behind a web server that is already there")
struct ResponderTests {
    /// An nginx as an operator may have it: with Debian's fastcgi_params, and no limit on bodies.
    private func configuration(_ directory: String, port: Int) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        daemon off; pid \(directory)/nginx.pid; error_log stderr;
        events {}
        http {
            access_log off; client_max_body_size 0;
            client_body_temp_path \(directory)/body; fastcgi_temp_path \(directory)/fastcgi; proxy_temp_path \(directory)/proxy;
            uwsgi_temp_path \(directory)/uwsgi; scgi_temp_path \(directory)/scgi;
            server {
                listen 127.0.0.1:\(port);
                location / { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(directory)/responder.sock; }
            }
        }
        """
    }

    @Test("answers, refuses large bodies itself, looks at the session key first, and removes its socket")
    func responder() async throws {
        let (home, port) = (try Scratch(), Port.free())
        let socket = home.path + "/responder.sock"
        let responder = try Program(
            Nanobot.path, ["fastcgi", "--socket", "unix:" + socket, "--data-dir", home.path + "/data"],
            environment: Nanobot.environment(home))
        let configuration = try home.file("nginx.conf", configuration(home.path, port: port).utf8)
        let nginx = try Program("nginx", ["-e", "stderr", "-c", configuration])
        var failure: (any Error)?
        do {
            #expect(try await eventually { FileManager.default.fileExists(atPath: socket) && !Port.isFree(port) })
            try await requests(Server(port: port, program: nginx, home: home))
        } catch {
            failure = error
        }
        nginx.send(SIGQUIT)
        _ = try await nginx.outcome()
        responder.send(SIGTERM)
        let outcome = try await responder.outcome()
        #expect(outcome.status == 0, "\(outcome.standardError)")
        #expect(outcome.standardOutput.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: socket))
        if let failure { throw failure }
    }

    private func requests(_ server: Server) async throws {
        #expect(try await server.send("GET", "/health").status == 200)
        #expect(try await server.chat("Is my hat blue?", session: "a").status == 200)
        let large = Server.body(String(repeating: "x", count: 2_000_000))
        expectError(try await server.post(large, session: "a"), 413, "request_too_large")
        expectError(try await server.post(large, session: nil), 400, "missing_session_key")
        expectError(
            try await server.send("POST", Server.chatPath, headers: ["Expect:"], body: large), 400, "missing_session_key")
        #expect(try await server.chat("What did I just ask you?", session: "a").answer.contains("Is my hat blue?"))
    }
}
