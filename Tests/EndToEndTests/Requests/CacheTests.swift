import Glibc
import Harness
import Testing

@Suite("A cache in front")
struct CacheTests {
    /// Caches as they are usually set up: by URL, for some time, whatever does not say otherwise.
    private static let caches: [(front: CheckedSite.Front, name: String)] = [
        (.nginx, "fastcgi_cache"), (.nginx, "proxy_cache"), (.apache, "CacheEnable"),
    ]

    private static func text(_ name: String) -> (CheckedSite) -> String {
        { site in
            let pass = "include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.socket);"
            return switch name {
            case "fastcgi_cache":
                "location / { \(pass) fastcgi_cache fastcgi; fastcgi_cache_key $request_method$request_uri; fastcgi_cache_valid any 10m; }"
            case "proxy_cache":
                """
                location / {
                    proxy_pass http://unix:\(site.home.path)/inner.sock:; proxy_set_header X-Session-Key $http_x_session_key;
                    proxy_cache proxy; proxy_cache_valid any 10m;
                }
                }
                server { listen unix:\(site.home.path)/inner.sock; location / { \(pass) }
                """
            default:
                """
                ProxyPass "/" "unix:\(site.socket)|fcgi://nanobot/"
                CacheRoot "\(site.home.path)/cache"
                CacheEnable disk "/"
                CacheDefaultExpire 600
                CacheIgnoreNoLastMod On
                CacheIgnoreQueryString On
                """
            }
        }
    }

    @Test("nobody gets what somebody else was answered, and nobody an old answer", arguments: caches)
    func apart(front: CheckedSite.Front, name: String) async throws {
        try await CheckedSite.run(front, Self.text(name)) { site in
            // Apache's workers are another user's.
            mkdir(site.home.path + "/cache", 0o777)
            chmod(site.home.path + "/cache", 0o777)
            let server = try site.server
            #expect(try await server.chat("My hat is violet", session: "alice").status == 200)
            let paths = ["/v1/session", "/v1/session/export", "/v1/session/export?format=markdown"]
            for path in paths {
                for _ in 1...2 {
                    let own = try await server.send("GET", path, headers: ["x-session-key: alice"])
                    #expect(own.status == 200 && String(decoding: own.body, as: UTF8.self).contains("violet"), "\(path)")
                }
                expectError(try await server.send("GET", path, headers: ["x-session-key: bob"]), 404, "session_not_found")
                expectError(try await server.send("GET", path), 400, "missing_session_key")
            }
            // An error is not kept, either.
            expectError(try await server.send("GET", "/v1/session?limit=2", headers: ["x-session-key: carol"]), 404, "session_not_found")
            #expect(try await server.chat("My hat is green", session: "carol").status == 200)
            let later = try await server.send("GET", "/v1/session?limit=2", headers: ["x-session-key: carol"])
            #expect(later.status == 200)
            #expect(try await server.chat("My hat is yellow", session: "alice").status == 200)
            for path in paths {
                let own = try await server.send("GET", path, headers: ["x-session-key: alice"])
                #expect(String(decoding: own.body, as: UTF8.self).contains("yellow"), "\(path)")
            }
        }
    }
}
