package import CGI

/// Refuses every request, because the program cannot serve. Only the operator learns why.
package struct Refusal: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws { throw APIError.internalError }
}
