package import CGI

/// Refuses every request, because the program cannot serve. Only the operator learns why.
package struct Refusal: Middleware {
    private let error: APIError

    /// - Parameter isMisconfigured: true if the reason is in the settings.
    package init(isMisconfigured: Bool) { error = isMisconfigured ? .configuration : .internalError }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws { throw error }
}
