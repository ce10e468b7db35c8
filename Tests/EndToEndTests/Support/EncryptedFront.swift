import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// An nginx that speaks TLS, HTTP/2 if its client does, in front of an upstream on this machine.
struct EncryptedFront {
    let url: String
    /// The file of its certificate, which nobody has signed.
    let certificate: String
    private let home: TemporaryDirectory
    private let nginx: Program

    /// - Parameter name: whose certificate it has.
    init(of upstream: Int, name: String = "IP:127.0.0.1") async throws {
        home = try TemporaryDirectory()
        certificate = home.path + "/certificate.pem"
        let port = try Port.reserve()
        url = "https://127.0.0.1:\(port)/v1"
        let outcome = try await Program.run(
            "openssl",
            [
                "req", "-x509", "-batch", "-noenc", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-subj", "/CN=test", "-addext", "subjectAltName=\(name)", "-keyout", home.path + "/key.pem", "-out", certificate,
            ])
        try #require(outcome.status == 0, "\(outcome.standardError)")
        let configuration = Self.configuration(home.path, port, upstream)
        nginx = try Program("nginx", ["-e", "stderr", "-c", try home.file("front.conf", configuration.utf8)])
        let pid = home.path + "/front.pid"
        try #require(try await eventually { FileManager.default.fileExists(atPath: pid) }, "\(nginx.standardError)")
    }

    /// The protocol and the path of each request that was answered.
    var log: [String] {
        get throws { try String(contentsOfFile: home.path + "/access.log", encoding: .utf8).split(separator: "\n").map { String($0) } }
    }

    func stop() async throws {
        nginx.send(SIGQUIT)
        _ = try await nginx.outcome()
    }

    private static func configuration(_ home: String, _ port: Int, _ upstream: Int) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        daemon off; pid \(home)/front.pid; error_log stderr;
        events {}
        http {
            log_format protocol '$server_protocol $uri';
            access_log \(home)/access.log protocol;
            client_body_temp_path \(home)/body; fastcgi_temp_path \(home)/fastcgi; proxy_temp_path \(home)/proxy;
            uwsgi_temp_path \(home)/uwsgi; scgi_temp_path \(home)/scgi;
            server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(home)/certificate.pem;
                ssl_certificate_key \(home)/key.pem;
                location / { proxy_pass http://127.0.0.1:\(upstream); proxy_buffering off; }
            }
        }
        """
    }
}
