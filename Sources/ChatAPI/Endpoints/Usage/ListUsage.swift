import Access
import CGI
import JSON
import Server
import Sessions
import Text

/// `GET /v1/usage`: what turns used, summed. Keys with the route `admin` see all of them, and others their own.
struct ListUsage: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/usage"
    let admission = Admission.keys

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        // As with the list of sessions, an open API does not tell whom it serves.
        guard let key = context.apiKey else { throw APIError.usageNotListed }
        // Everybody has a publishable key, and may not learn of other visitors.
        guard key.kind == .secret else {
            throw APIError(status: 403, code: "route_not_allowed", message: "A publishable key may not see usage")
        }
        guard let log = service.usage else { throw APIError.notFound }
        let request = context.request
        let by = request.query("by").flatMap { $0.isEmpty ? nil : $0 }
        guard let grouping = by.map({ UsageGrouping(text: $0) }) ?? .key else {
            let words = UsageGrouping.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalidValue("by must be one of \(words)", param: "by")
        }
        func day(_ name: String) -> String? { request.query(name).flatMap { $0.isEmpty ? nil : $0 } }
        guard
            let query = UsageQuery(
                since: day("since"), until: day("until"), by: grouping, key: key.permits(.admin) ? nil : key.id, now: service.now())
        else { throw APIError.invalidValue("since and until must be days such as 2026-11-27 (UTC)", param: "since") }
        let rows = try await context.whileClientStays { try await log.rows(query, on: service.sessions.reading) }
        let data = rows.map { row in
            JSONValue.object(
                [(grouping.rawValue, .optional(row.name)), ("requests", .integer(row.amount.requests))] + row.amount.members)
        }
        try await writer.send(.json(["object": "list", "data": .array(data)]))
    }
}
