import Glibc
import Server
import Text

extension WebServer {
    /// What a web server's configuration depends on.
    struct Site {
        var host: String
        var port: Int
        /// A directory that the web server may write to.
        var directory: String
        /// The responder's Unix socket.
        var socket: String
        var bodyLimit: Int
        /// The web pages whose scripts may use the API. They have to be able to read the web server's own errors, too.
        var origins: [Origin] = []
    }

    func configuration(_ site: Site) -> String {
        switch kind {
        case .nginx: Self.nginx(site)
        case .lighttpd: Self.lighttpd(site)
        }
    }

    /// How long one turn may take, in seconds: longer than the responder's own limits, so that its error comes first.
    private static let readTimeout = 600

    /// Bounds what the web server buffers. It is larger than the responder's own limit, so that the responder's error comes first.
    private static func bodyLimit(_ site: Site) -> Int { site.bodyLimit * 16 }

    private static func nginx(_ site: Site) -> String {
        let descriptors = descriptorLimit()
        let errors = nginxErrors(site)
        func body(_ type: String, _ code: String, _ message: String) -> String {
            #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":"\#(code)"}}"#
        }
        return """
            \(geteuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 1;
            worker_rlimit_nofile \(descriptors);
            pid \(site.directory)/nginx.pid;
            error_log stderr warn;
            events { worker_connections \(descriptors / 2); }
            http {
                access_log off;
                server_tokens off;
                client_body_temp_path \(site.directory)/body;
                fastcgi_temp_path \(site.directory)/fastcgi;
                proxy_temp_path \(site.directory)/proxy;
                uwsgi_temp_path \(site.directory)/uwsgi;
                scgi_temp_path \(site.directory)/scgi;
                client_max_body_size \(bodyLimit(site));
                keepalive_requests 100000;
                upstream responder {
                    server unix:\(site.socket);
                    keepalive 64;
                    keepalive_requests 1000000;
                }
                # For long origins. It has to stand before the first map.
                map_hash_bucket_size 512;
                map $status $error {
            \(errors.map { "        \($0.status) '\(body($0.type, $0.code, $0.message))';" }.joined(separator: "\n"))
                }
                map $status $allow { 405 "\(methods)"; }
                map $http_origin $cors_origin {
            \(site.origins.map { "        \"\($0)\" \"\($0)\";" }.joined(separator: "\n"))
                }
                map $cors_origin $cors_headers { "~." "\(CrossOrigin.exposedHeaders)"; }
                server {
                    listen \(site.host):\(site.port);
            \(errors.map { "        error_page \($0.from) =\($0.status) /error;" }.joined(separator: "\n"))
                    # By its path, not by a name: a request line that nginx refuses has no path, and cannot go to a named location.
                    location = /error {
                        internal;
                        default_type application/json;
                        add_header x-request-id $request_id always;
                        add_header Cache-Control no-store always;
                        add_header Vary "\(CacheControl.vary)" always;
                        # No header if the value is empty.
                        add_header Allow $allow always;
                        add_header Access-Control-Allow-Origin $cors_origin always;
                        add_header Access-Control-Expose-Headers $cors_headers always;
                        # The status stays that of the error.
                        return 200 $error;
                    }
                    location / {
                        fastcgi_pass responder;
                        # Answers in pieces are not buffered: they come with X-Accel-Buffering: no. Another nginx in front has to know, too.
                        fastcgi_pass_header X-Accel-Buffering;
                        fastcgi_keep_conn on;
                        fastcgi_read_timeout \(readTimeout);
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
                        # The program is mounted at the root: paths are matched whole.
                        fastcgi_split_path_info "(?s)^()(/.*)$";
                        fastcgi_param SCRIPT_NAME $fastcgi_script_name;
                        fastcgi_param PATH_INFO $fastcgi_path_info;
                        fastcgi_param QUERY_STRING $query_string;
                        fastcgi_param CONTENT_TYPE $content_type;
                        fastcgi_param CONTENT_LENGTH $content_length;
                    }
                }
            }

            """
    }

    /// The errors that nginx itself answers, by its own status, in the form that clients of this API expect.
    private static func nginxErrors(_ site: Site) -> [(from: String, status: Int, type: String, code: String, message: String)] {
        [
            ("400 408 414", 400, "invalid_request_error", "invalid_value", "The web server does not understand the request"),
            ("494", 431, "invalid_request_error", "headers_too_large", "The headers of the request are too large"),
            ("404", 404, "invalid_request_error", "not_found", "There is nothing at this path"),
            ("405", 405, "invalid_request_error", "method_not_allowed", "The method is not allowed here. Allowed: \(methods)"),
            ("413", 413, "invalid_request_error", "request_too_large", "The request body is larger than \(site.bodyLimit) bytes"),
            ("500 502 503", 503, "server_error", "overloaded", "The responder does not answer. Try again later."),
            ("504", 504, "server_error", "upstream_timeout", "Request timed out after \(readTimeout)s"),
        ]
    }

    private static let methods = "GET, HEAD, POST, DELETE, OPTIONS"

    private static func lighttpd(_ site: Site) -> String {
        """
        server.modules = ( "mod_setenv", "mod_fastcgi" )
        server.bind = "\(site.host)"
        server.port = \(site.port)
        server.document-root = "\(site.directory)"
        server.upload-dirs = ( "\(site.directory)/uploads" )
        server.max-request-size = \(bodyLimit(site) / 1024)
        # A piece of an answer goes out as it comes. The rest waits here for a slow client, not in the responder.
        server.stream-response-body = 1
        server.max-fds = \(descriptorLimit())
        server.feature-flags = ( "server.graceful-shutdown-timeout" => \(readTimeout) )
        fastcgi.server = ( "/" => ((
            "socket" => "\(site.socket)",
            "check-local" => "disable",
            "fix-root-scriptname" => "enable"
        )) )
        \(site.origins.map(lighttpdOrigin).joined(separator: "\n"))

        """
    }

    /// On errors of its own, too, if mod_setenv stands before mod_fastcgi; but not on 413, which comes before either.
    private static func lighttpdOrigin(_ origin: Origin) -> String {
        """
        $REQUEST_HEADER["Origin"] == "\(origin)" {
            setenv.set-response-header = (
                "Access-Control-Allow-Origin" => "\(origin)", "Access-Control-Expose-Headers" => "\(CrossOrigin.exposedHeaders)"
            )
        }
        """
    }

    private static func descriptorLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return min(Int(clamping: limit.rlim_max), 16_384)
    }
}
