package import CGI

/// Refuses every request: the program cannot serve. What is wrong is for its operator to know, not for clients.
package struct Refusal: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws { throw APIError.internalError }
}
