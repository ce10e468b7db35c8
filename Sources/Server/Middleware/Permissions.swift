import Access
package import CGI

/// Refuses what the caller's API key may not do.
package struct Permissions: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        if let key = context.apiKey, case .permitted(let permission)? = context.endpoint?.admission, !key.permits(permission) {
            throw APIError(
                status: 403, code: "route_not_allowed", message: "This API key may not do this: it lacks \"\(permission.rawValue)\"")
        }
        try await next(context, writer)
    }
}
