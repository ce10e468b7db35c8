import Testing

@testable import ChatAPI

@Suite("Routes")
struct RouteTests {
    @Test(
        "a path is found with and without v1 and under any mount point",
        arguments: [
            ("/v1/chat/completions", Route.chatCompletions),
            ("/chat/completions/", .chatCompletions),
            ("/cgi-bin/nanobot.cgi/v1/chat/completions", .chatCompletions),
            ("/v1/models", .models),
            ("/api/models/", .models),
            ("/v1/models/nanobot", .model(id: "nanobot")),
            ("/v1/models/openai/gpt-4o", .model(id: "openai/gpt-4o")),
            ("/health", .health),
            ("/v1/health/", .health),
            ("/a/b/c/health", .health),
            ("/v1/session", .session),
            ("/session/", .session),
            ("/cgi-bin/nanobot.cgi/v1/session", .session),
            ("/v1/session/export", .sessionExport),
            ("/api/session/export/", .sessionExport),
            ("/v1/session/undo", .sessionUndo),
            ("/session/v1/session/undo", .sessionUndo),
            ("/v1/session/fork/", .sessionFork),
            ("/v1/sessions", .sessions),
            ("/v1/models/session", .model(id: "session")),
        ])
    func found(_ path: String, route: Route) {
        #expect(Route(path: path.split(separator: "/").map(String.init)) == route)
    }

    @Test(
        "each route has its methods; HEAD is where GET is",
        arguments: [
            (Route.chatCompletions, "POST, OPTIONS"), (.session, "GET, HEAD, DELETE, OPTIONS"), (.sessionExport, "GET, HEAD, OPTIONS"),
            (.sessionUndo, "POST, OPTIONS"), (.sessionFork, "POST, OPTIONS"), (.sessions, "GET, HEAD, OPTIONS"),
            (.models, "GET, HEAD, OPTIONS"), (.model(id: "x"), "GET, HEAD, OPTIONS"), (.health, "GET, HEAD, OPTIONS"),
        ])
    func methods(_ route: Route, methods: String) {
        #expect(route.methods.joined(separator: ", ") == methods)
    }

    @Test(
        "other paths are not",
        arguments: [
            "/", "/v1", "/v1/", "/v1/chat", "/v1/completions", "/healthy", "/v1/v1", "/health/x", "/v1/session/x", "/v1/sessions/x",
            "/v1/export",
        ])
    func unknown(_ path: String) {
        #expect(Route(path: path.split(separator: "/").map(String.init)) == nil)
    }
}
