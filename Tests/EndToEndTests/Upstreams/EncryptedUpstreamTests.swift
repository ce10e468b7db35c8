import Foundation
import Harness
import TestSupport
import Testing

@Suite("An upstream over TLS")
struct EncryptedUpstreamTests {
    @Test("an upstream is asked over HTTP/2 if SSL_CERT_FILE trusts its certificate, and refused if not", arguments: [true, false])
    func assumeIntact(isNamed: Bool) async throws {
        let home = try TemporaryDirectory()
        let upstream = try HeldUpstream()
        upstream.release()
        let port = try Port.reserve()
        let certificate = try await Program.run(
            "openssl",
            [
                "req", "-x509", "-batch", "-noenc", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", home.path + "/key.pem",
                "-out", home.path + "/certificate.pem",
            ])
        try #require(certificate.status == 0, "\(certificate.standardError)")
        let front = try Program(
            "nginx", ["-e", "stderr", "-c", try home.file("front.conf", configuration(home, port, upstream.port).utf8)])
        var environment = ["NANOBOT_UPSTREAM_URL": "https://127.0.0.1:\(port)/v1", "NANOBOT_UPSTREAM_MODEL": "held"]
        if isNamed { environment["SSL_CERT_FILE"] = home.path + "/certificate.pem" }
        try #require(try await eventually { FileManager.default.fileExists(atPath: home.path + "/front.pid") }, "\(front.standardError)")
        try await Site.run(environment: environment) { site in
            let response = try await site.server.chat("Hello", session: "a")
            if isNamed {
                #expect(response.status == 200 && response.answer == "one two")
                let log = try String(contentsOfFile: home.path + "/access.log", encoding: .utf8)
                #expect(log == "HTTP/2.0 /v1/chat/completions\n")
            } else {
                #expect(response.status == 503 && response.json["error"]["code"] == .string("upstream_unavailable"))
                #expect(upstream.asked == 0)
            }
        }
        front.send(SIGQUIT)
        _ = try await front.outcome()
    }

    private func configuration(_ home: TemporaryDirectory, _ port: Int, _ upstream: Int) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        daemon off; pid \(home.path)/front.pid; error_log stderr;
        events {}
        http {
            log_format protocol '$server_protocol $uri';
            access_log \(home.path)/access.log protocol;
            client_body_temp_path \(home.path)/body; fastcgi_temp_path \(home.path)/fastcgi; proxy_temp_path \(home.path)/proxy;
            uwsgi_temp_path \(home.path)/uwsgi; scgi_temp_path \(home.path)/scgi;
            server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(home.path)/certificate.pem;
                ssl_certificate_key \(home.path)/key.pem;
                location / { proxy_pass http://127.0.0.1:\(upstream); }
            }
        }
        """
    }
}
