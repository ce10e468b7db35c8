import Access
import CGI
import JSON
import Server

/// `GET /v1/key`: the caller's API key, without its secrets, and what is left of its limits.
struct ShowKey: Endpoint {
    let method = "GET"
    let path = "/v1/key"
    let admission = Admission.keys

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let key = context.apiKey else {
            throw APIError(status: 404, code: "not_found", message: "There are no API keys here: the API is open")
        }
        let rest = context.meter.map { [("remaining", $0.rest.json)] } ?? []
        try await writer.send(.json(.object([("object", "key")] + key.members + rest)))
    }
}
