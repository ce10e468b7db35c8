package enum MiddlewareList {
    /// The middleware of every request, outermost first.
    ///
    /// - Parameter dataDirectory: must not be inside the web server's document root; nil to allow that.
    package static func serving(guarding dataDirectory: String?, sessionNames: AccessLog.SessionNames) -> [any Middleware] {
        [RequestIDs(), CacheControl(), AccessLog(sessionNames: sessionNames), ErrorResponses()]
            + (dataDirectory.map { [DocumentRootGuard(dataDirectory: $0)] } ?? [])
    }

    /// The middleware of a program that cannot serve.
    package static let refusing: [any Middleware] = [
        RequestIDs(), CacheControl(), AccessLog(sessionNames: .none), ErrorResponses(), Refusal(),
    ]
}
