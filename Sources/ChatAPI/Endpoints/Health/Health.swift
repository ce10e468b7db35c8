import CGI
import JSON
import Server

/// `GET /health`: says that the program runs. It touches neither sessions nor models.
struct Health: Endpoint {
    let method = "GET"
    let path = "/health"
    let admission = Admission.everybody

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        try await writer.send(.json(["status": "ok"]))
    }
}
