import Glibc

/// nginx with one worker in front of the responder, as `nanobot serve` configures it.
struct WebServer {
    let port: UInt16
    private let program: String
    private let workspace: Workspace

    init(workspace: Workspace) throws {
        program = try ChildProcess.find("nginx", package: "nginx-light")
        port = try Self.freePort()
        self.workspace = workspace
    }

    /// Starts it and waits until it listens.
    ///
    /// - Parameter isKeptAlive: whether it keeps its FastCGI connections.
    func start(isKeptAlive: Bool) throws -> ChildProcess {
        let path = try workspace.write(configuration(isKeptAlive: isKeptAlive), to: "nginx.conf")
        let child = try ChildProcess([program, "-e", "stderr", "-c", path])
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            if Self.withLoopback(port: port, { connect(descriptor, $0, $1) }) == 0 { return child }
            try child.requireRunning()
            guard ContinuousClock.now < deadline else { throw Failure(description: "nginx does not listen on port \(port) after 10 s.") }
            try Interruption.pause(.milliseconds(5))
        }
    }

    private func configuration(isKeptAlive: Bool) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        daemon off;
        worker_processes 1;
        pid \(workspace.runtime)/nginx.pid;
        error_log stderr warn;
        events { worker_connections 4096; }
        http {
            access_log off;
            client_body_temp_path \(workspace.runtime)/body;
            fastcgi_temp_path \(workspace.runtime)/fastcgi;
            proxy_temp_path \(workspace.runtime)/proxy;
            uwsgi_temp_path \(workspace.runtime)/uwsgi;
            scgi_temp_path \(workspace.runtime)/scgi;
            keepalive_requests 100000000;
            upstream responder {
                server unix:\(workspace.socket);
                \(isKeptAlive ? "keepalive 64; keepalive_requests 100000000;" : "")
            }
            server {
                listen 127.0.0.1:\(port);
                location / {
                    fastcgi_pass responder;
                    fastcgi_keep_conn \(isKeptAlive ? "on" : "off");
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
        }

        """
    }

    /// A port of loopback that nothing listens on now.
    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { chosen in
                withLoopback(port: 0) { bind(descriptor, $0, $1) } == 0 ? getsockname(descriptor, chosen, &size) : -1
            }
        }
        guard status == 0 else { throw Failure(description: "No port of 127.0.0.1 is free: \(String(cString: strerror(errno))).") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withLoopback(port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
