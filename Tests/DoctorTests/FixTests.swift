import Testing

@testable import Doctor

@Suite("Lines that fix a web server")
struct FixTests {
    @Test("a fix has a line that says where, and indented lines, for each web server")
    func layout() {
        #expect(Fix.query.lines([.nginx]) == ["nginx, where fastcgi_pass is:", "    fastcgi_param QUERY_STRING $query_string;"])
        #expect(
            Fix.query.lines(WebServerBrand.allCases).filter { $0.hasSuffix(":") }.map { $0.prefix { $0 != "," } } == [
                "nginx", "lighttpd", "Apache", "Caddy",
            ])
        #expect(Fix.query.lines([]) == [])
    }

    private static let lines: [(fix: Fix, nginx: String, lighttpd: String, apache: String, caddy: String)] = [
        (
            .header("X-Session-Key"), "fastcgi_param HTTP_X_SESSION_KEY $http_x_session_key if_not_empty;", #"remove "X-Session-Key""#,
            "SetEnvIf X-Session-Key .+ HTTP_X_SESSION_KEY=$0", "remove -X-Session-Key"
        ),
        (
            .header("Authorization"), "proxy_set_header Authorization $http_authorization;", #"remove "Authorization""#, "CGIPassAuth On",
            "remove -Authorization"
        ),
        (
            .query, "fastcgi_param QUERY_STRING $query_string;", "end each replacement with ${qsa}", "[QSA,L]",
            "end the new URI with ?{query}"
        ),
        (.streams, "fastcgi_buffering off;", "server.stream-response-body = 1", "SetEnv no-gzip 1", "flush_interval -1"),
        (.timeout(605), "fastcgi_read_timeout 605s;", #"cgi.limits = ( "read-timeout" => 605 )"#, "ProxyTimeout 605", "read_timeout 605s"),
        (
            .body(2_000_000), "client_max_body_size 2000000;", "server.max-request-size = 1954", "FcgidMaxRequestLen 2000000",
            "    max_size 2000000"
        ),
        (
            .documentRoot, "root /var/www/html;", #"server.document-root = "/var/www/html""#, #"DocumentRoot "/var/www/html""#,
            "env DOCUMENT_ROOT {http.vars.root}"
        ),
        (.cache, "fastcgi_cache off;", "store nothing of these paths", #"CacheDisable "/""#, "remove the directive cache"),
        (
            .path("/chat/"), "location /chat/ {", #"fastcgi.server += ( "/chat" => (("#,
            #"ProxyPass "/chat/" "unix:/run/nanobot/socket|fcgi://nanobot/" flushpackets=on timeout=600"#, "handle_path /chat/* {"
        ),
        (
            .path("/"), "location / {", #"fastcgi.server += ( "/" => (("#, #"ScriptAlias "/" "/usr/lib/cgi-bin/nanobot/""#,
            "reverse_proxy unix//run/nanobot/socket {"
        ),
        (
            .program, "include fastcgi_params;", #""check-local" => "disable","#,
            #"ProxyPass "/" "unix:/run/nanobot/socket|fcgi://nanobot/" flushpackets=on timeout=600"#,
            "        env DOCUMENT_ROOT {http.vars.root}"
        ),
        (
            .served("/data/"), "location ^~ /data/ { deny all; }", #"$HTTP["url"] =~ "^/data/" { url.access-deny = ( "" ) }"#,
            "Require all denied", "respond /data/* 403"
        ),
    ]

    @Test("a fix is written in each web server's own language", arguments: lines.indices)
    func languages(index: Int) {
        let expected = Self.lines[index]
        let lines = [expected.nginx, expected.lighttpd, expected.apache, expected.caddy]
        for (brand, line) in zip(WebServerBrand.allCases, lines) {
            #expect(expected.fix.lines([brand]).dropFirst().contains("    " + line), "\(expected.fix) \(brand)")
        }
    }

    @Test("fixes are for the web servers that name themselves, and for all if none does")
    func brands() {
        #expect(WebServerBrand.brands(["nginx/1.22.1", nil]) == [.nginx])
        #expect(WebServerBrand.brands(["openresty", "Apache/2.4"]) == [.nginx, .apache])
        #expect(WebServerBrand.brands(["LiteSpeed"]) == [.apache])
        #expect(WebServerBrand.brands(["lighttpd/1.4.69"]) == [.lighttpd])
        #expect(WebServerBrand.brands([nil, "Caddy"]) == [.caddy])
        #expect(WebServerBrand.brands([nil, "thttpd"]) == WebServerBrand.allCases)
    }
}
