package import Access

package enum MiddlewareList {
    /// The middleware of every request, outermost first.
    ///
    /// - Parameters:
    ///   - dataDirectory: must not be inside the web server's document root; nil to allow that.
    ///   - authentication: nil if nobody has an API key.
    ///   - limits: what keys have used of their limits.
    package static func serving(
        guarding dataDirectory: String?, sessionNames: AccessLog.SessionNames, authentication: Authentication? = nil,
        limits: LimitStore? = nil
    ) -> [any Middleware] {
        [
            RequestIDs(), CacheControl(), AccessLog(sessionNames: sessionNames), RequestMetrics(), CrossOrigin(keys: authentication?.keys),
            ErrorResponses(),
        ]
            + (dataDirectory.map { [DocumentRootGuard(dataDirectory: $0)] } ?? [])
            + (authentication.map { [$0] } ?? []) + (limits.map { [RateLimits($0)] } ?? []) + [Permissions()]
    }

    /// The middleware of a program that cannot serve.
    ///
    /// - Parameter isMisconfigured: true if the reason is in the settings.
    package static func refusing(isMisconfigured: Bool) -> [any Middleware] {
        [
            RequestIDs(), CacheControl(), AccessLog(sessionNames: .none), ErrorResponses(), Refusal(isMisconfigured: isMisconfigured),
        ]
    }
}
