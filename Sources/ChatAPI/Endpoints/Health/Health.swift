import CGI
import JSON
import Server

/// `GET /health`: the program runs. It touches nothing.
struct Health: Endpoint {
    let method = "GET"
    let path = "/health"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        try await writer.send(.json(["status": "ok"]))
    }
}
