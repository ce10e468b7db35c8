import CGI
import Testing

/// The methods that a path allows show which endpoint it names.
@Suite("The API's table of endpoints")
struct EndpointTableTests {
    private func allow(_ path: String, _ api: API) async -> String? { await api.send("OPTIONS", path).header("allow") }

    private static let post = "POST, OPTIONS"
    private static let both = "POST, GET, HEAD, OPTIONS"
    private static let get = "GET, HEAD, OPTIONS"

    @Test(
        "if the web server does not tell the mount point, a path is found with and without v1, after any prefix",
        arguments: [
            ("/v1/chat/completions", both), ("/chat/completions/", both), ("/cgi-bin/nanobot.cgi/v1/chat/completions", both),
            ("/v1/models", get), ("/api/models/", get), ("/v1/models/nanobot", get), ("/v1/models/openai/gpt-4o", get),
            ("/health", get), ("/v1/health/", get), ("/a/b/c/health", get), ("//v1//models", get),
            ("/v1/session", "GET, HEAD, DELETE, OPTIONS"), ("/session/", "GET, HEAD, DELETE, OPTIONS"),
            ("/cgi-bin/nanobot.cgi/v1/session", "GET, HEAD, DELETE, OPTIONS"),
            ("/v1/session/export", get), ("/api/session/export/", get), ("/v1/session/undo", post),
            ("/session/v1/session/undo", post), ("/v1/session/fork/", post), ("/v1/sessions", get), ("/v1/models/session", get),
        ])
    func untold(_ path: String, methods: String) async throws {
        #expect(await allow(path, try API()) == methods)
    }

    @Test(
        "other paths name nothing",
        arguments: [
            "/", "/v1", "/v1/", "/v1/chat", "/v1/completions", "/healthy", "/v1/v1", "/health/x", "/v1/session/x", "/v1/sessions/x",
            "/v1/export",
        ])
    func unknown(_ path: String) async throws {
        expectError(await (try API()).send("GET", path), 404, "not_found")
        expectError(await (try API()).send("GET", path, mount: ""), 404, "not_found")
    }

    @Test(
        "if the web server tells the mount point, a path is matched exactly below it",
        arguments: [
            ("/v1/chat/completions", both), ("/chat/completions/", both), ("/v1/models/openai/gpt-4o", get), ("/health", get),
            ("/v1/health/", get), ("/session", "GET, HEAD, DELETE, OPTIONS"), ("/v1/session", "GET, HEAD, DELETE, OPTIONS"),
        ], ["", "/chat", "/cgi-bin/nanobot.cgi"])
    func told(route: (path: String, methods: String), mount: String) async throws {
        let response = await (try API()).send("OPTIONS", route.path, mount: mount)
        #expect(response.header("allow") == route.methods)
    }

    @Test(
        "below a known mount point, a path may have no prefix",
        arguments: [
            "/anything/health", "/x/v1/session", "/v1/x/session", "//health", "/v1//health", "/./health", "/x/../health", "/health//",
            "/chat/v1/models",
        ])
    func exact(_ path: String) async throws {
        expectError(await (try API()).send("GET", path, mount: ""), 404, "not_found")
        expectError(await (try API()).send("GET", path, mount: "/chat"), 404, "not_found")
    }
}
