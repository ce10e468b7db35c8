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
        ])
    func found(_ path: String, route: Route) {
        #expect(Route(path: path.split(separator: "/").map(String.init)) == route)
    }

    @Test("other paths are not", arguments: ["/", "/v1", "/v1/", "/v1/chat", "/v1/completions", "/healthy", "/v1/v1", "/health/x"])
    func unknown(_ path: String) {
        #expect(Route(path: path.split(separator: "/").map(String.init)) == nil)
    }
}
