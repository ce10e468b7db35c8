package import CGI

/// Keeps every response out of caches: the URL does not say whose session it is. A cache that stores responses nevertheless, by its own
/// settings, learns from `Vary` which headers say it.
package struct CacheControl: Middleware {
    package static let vary = "x-session-key, authorization, x-api-key, api-key, x-visitor, origin"
    static let headers: [(name: String, value: String)] = [("Cache-Control", "no-store"), ("Vary", vary)]

    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        for (name, value) in Self.headers { writer.addHeader(name, value) }
        try await next(context, writer)
    }
}
