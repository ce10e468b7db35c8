import Glibc
import Harness

/// An nginx with one worker.
struct WebServer {
    /// What nginx serves.
    enum Site {
        /// The responder, as `nanobot serve` configures it.
        case responder(keepsConnections: Bool)
        /// An HTTP server on a Unix socket, over HTTP/2 and TLS.
        case encrypted(socket: String, certificate: String, key: String)
    }

    let port: Int
    private let program: String
    private let workspace: Workspace

    init(workspace: Workspace) throws {
        program = try OwnedProcess.find("nginx", package: "nginx-light")
        port = try Port.reserve()
        self.workspace = workspace
    }

    /// Starts nginx and waits until it listens.
    func start(_ site: Site) throws -> OwnedProcess {
        let path = try workspace.write(configuration(site), to: "nginx-\(port).conf")
        let child = try OwnedProcess([program, "-e", "stderr", "-c", path])
        try child.waitUntilListening(on: port, "nginx")
        return child
    }

    private func configuration(_ site: Site) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        daemon off;
        worker_processes 1;
        pid \(workspace.runtime)/nginx-\(port).pid;
        error_log stderr warn;
        events { worker_connections \(min(Descriptors.limit, 32_768)); }
        http {
            access_log off;
            client_body_temp_path \(workspace.runtime)/body;
            fastcgi_temp_path \(workspace.runtime)/fastcgi;
            proxy_temp_path \(workspace.runtime)/proxy;
            uwsgi_temp_path \(workspace.runtime)/uwsgi;
            scgi_temp_path \(workspace.runtime)/scgi;
            keepalive_requests 100000000;
        \(server(site))
        }

        """
    }

    private func server(_ site: Site) -> String {
        switch site {
        case .responder(let keepsConnections):
            """
                upstream responder {
                    server unix:\(workspace.socket);
                    \(keepsConnections ? "keepalive 64; keepalive_requests 100000000;" : "")
                }
                server {
                    listen 127.0.0.1:\(port);
                    location / {
                        fastcgi_pass responder;
                        fastcgi_keep_conn \(keepsConnections ? "on" : "off");
                        fastcgi_param GATEWAY_INTERFACE CGI/1.1;
                        fastcgi_param SERVER_SOFTWARE nginx;
                        fastcgi_param SERVER_PROTOCOL $server_protocol;
                        fastcgi_param SERVER_NAME $server_name;
                        fastcgi_param SERVER_ADDR $server_addr;
                        fastcgi_param SERVER_PORT $server_port;
                        fastcgi_param REMOTE_ADDR $remote_addr;
                        fastcgi_param REMOTE_PORT $remote_port;
                        fastcgi_param REQUEST_METHOD $request_method;
                        fastcgi_param REQUEST_URI $request_uri;
                        fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                        fastcgi_param QUERY_STRING $query_string;
                        fastcgi_param CONTENT_TYPE $content_type;
                        fastcgi_param CONTENT_LENGTH $content_length;
                    }
                }
            """
        case .encrypted(let socket, let certificate, let key):
            """
                server {
                    listen 127.0.0.1:\(port) ssl http2;
                    ssl_certificate \(certificate);
                    ssl_certificate_key \(key);
                    location / {
                        proxy_pass http://unix:\(socket);
                        proxy_http_version 1.1;
                    }
                }
            """
        }
    }
}
