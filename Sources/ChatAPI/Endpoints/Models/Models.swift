import Access
import CGI
import JSON
import Server

/// `GET /v1/models`: every model that a request can name.
struct ListModels: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/models"
    let admission = Admission.keys

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let models = service.models.entries.filter { context.apiKey?.permits(model: $0.id) ?? true }.map(service.modelObject)
        try await writer.send(.json(["object": "list", "data": .array(models)]))
    }
}

/// `GET /v1/models/{id}`: one model. Its id may contain slashes: `openai/gpt-4o`.
struct ShowModel: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/models/{id...}"
    let admission = Admission.keys

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let entry = try service.models.entry(listed: context.parameter("id"))
        try context.expectPermitted(model: entry.id)
        try await writer.send(.json(service.modelObject(entry)))
    }
}

extension ChatService {
    fileprivate func modelObject(_ entry: ModelCatalog.Entry) -> JSONValue {
        ["id": .string(entry.id), "object": "model", "created": .integer(started), "owned_by": "nanobot"]
    }
}
