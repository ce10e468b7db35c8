package import Access
package import CGI

/// Whose requests an endpoint answers while there are API keys.
package enum Admission: Sendable {
    /// Everybody's.
    case everybody
    /// Those with any key.
    case keys
    /// Those with a key that permits it.
    case permitted(Permission)
}

/// Answers the requests of one method at one path. HEAD, OPTIONS and 405 come from the table of endpoints; request id, access log and
/// error bodies from the middleware.
package protocol Endpoint: Sendable {
    /// The method. GET includes HEAD.
    var method: String { get }

    /// The path, such as `/v1/models/{id...}`: `{name}` matches one segment, and `{name...}`, at the end, one or more. Clients may leave
    /// out a leading `/v1`, and may put one in front of a path that has none.
    var path: String { get }

    var admission: Admission { get }

    /// True if the endpoint answers even while the web server exposes the data directory.
    var answersWhileExposed: Bool { get }

    /// True if requests are not counted against the limits of their API keys.
    var isUncounted: Bool { get }

    /// False if the path is 404 for this client, whatever the method.
    func isVisible(to context: RequestContext) -> Bool

    /// Answers a request: writes one response, or throws before it has begun.
    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws
}

extension Endpoint {
    package var answersWhileExposed: Bool { false }
    package var isUncounted: Bool { false }
    package func isVisible(to context: RequestContext) -> Bool { true }
}
