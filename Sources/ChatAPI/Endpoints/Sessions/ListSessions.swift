import Access
import CGI
import FoundationEssentials
import JSON
import Server
import Sessions
import Text

/// `GET /v1/sessions`: the sessions that the caller's API key covers, a page at a time, the last used first.
struct ListSessions: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/sessions"
    let admission = Admission.permitted(.list)

    private static let limits = 1...1000

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        // Whoever may call an open API is not thereby told whom else it serves.
        guard let apiKey = context.apiKey else { throw APIError.sessionsNotListed }
        let request = context.request
        let limit = try request.wholeNumber("limit", in: Self.limits) ?? 100
        let cursor = try request.query("after").flatMap { $0.isEmpty ? nil : try SessionKey($0) }
        if let cursor { try context.expectCovered(cursor) }
        var prefixes = apiKey.scopes.map { $0.description == "*" ? "" : $0.description }
        if let prefix = request.query("prefix"), !prefix.isEmpty {
            guard apiKey.covers(session: prefix) else { throw APIError.sessionNotAllowed }
            prefixes = [prefix]
        }
        let page = try await context.whileClientStays { [prefixes] in
            try await service.sessions.page(prefixes: prefixes, limit: limit, after: cursor)
        }
        let data = page.sessions.map { session in
            JSONValue.object([
                ("object", "session"), ("key", .string(session.key.description)), ("created_at", .optional(session.createdAt)),
                ("updated_at", .string(session.lastUsed.ISO8601Format())), ("bytes", .integer(session.byteCount)),
            ])
        }
        try await writer.send(
            .json([
                "object": "list", "data": .array(data), "first_id": .optional(page.sessions.first?.key.description),
                "last_id": .optional(page.sessions.last?.key.description), "has_more": .bool(page.hasMore),
            ]))
    }
}
