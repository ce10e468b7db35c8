package enum MiddlewareList {
    /// What every request passes, the outermost first.
    ///
    /// - Parameter dataDirectory: what must not be inside the web server's document root; nil to allow that.
    package static func serving(guarding dataDirectory: String?, sessionNames: AccessLog.SessionNames) -> [any Middleware] {
        [RequestIDs(), AccessLog(sessionNames: sessionNames), ErrorResponses()]
            + (dataDirectory.map { [DocumentRootGuard(dataDirectory: $0)] } ?? [])
    }

    /// The same for a program that cannot serve.
    package static let refusing: [any Middleware] = [RequestIDs(), AccessLog(sessionNames: .none), ErrorResponses(), Refusal()]
}
