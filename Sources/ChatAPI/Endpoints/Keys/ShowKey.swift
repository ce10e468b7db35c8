import Access
import CGI
import FoundationEssentials
import JSON
import Server
import Text

/// `GET /v1/key`: the caller's API key, without its secrets, and what is left of its limits.
struct ShowKey: Endpoint {
    let method = "GET"
    let path = "/v1/key"
    let admission = Admission.keys
    let isUncounted = true

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let key = context.apiKey else {
            throw APIError(status: 404, code: "not_found", message: "There are no API keys here: the API is open")
        }
        let rest = context.meter.map { [("remaining", $0.rest.json)] } ?? []
        // What everybody may read has nothing of the operator's own.
        let members = key.members.filter { key.kind == .secret || $0.0 != "note" }
        // It is used now.
        let lastUsed = JSONValue.string(String(Date().ISO8601Format().prefix(10)))
        try await writer.send(.json(.object([("object", "key")] + members + [("lastUsed", lastUsed)] + rest)))
    }
}
