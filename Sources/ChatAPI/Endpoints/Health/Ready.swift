import CGI
import JSON
import Server

/// `GET /ready`: says whether turns can be answered and stored now.
struct Ready: Endpoint {
    private let readiness: Readiness
    let method = "GET"
    let path = "/ready"
    let admission = Admission.everybody

    init(service: ChatService) { readiness = Readiness(service.sessions, service.models.standard.model, logger: service.logger) }

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        if let problem = await readiness.problem { throw problem }
        try await writer.send(.json(["status": "ready"]))
    }
}
