package import CGI

/// What answers the requests of one method at one path. HEAD, OPTIONS and 405 come from the table of endpoints; request id, access log and
/// error bodies from the middleware.
package protocol Endpoint: Sendable {
    /// The method; where it is GET, HEAD is answered too.
    var method: String { get }

    /// The path, such as `/v1/models/{id...}`: `{name}` stands for one segment, `{name...}`, at the end, for one or more. A leading `/v1`
    /// may be left out by clients, and may be put in front of a path that has none.
    var path: String { get }

    /// True if the endpoint answers even while the data directory is exposed by the web server.
    var answersWhileExposed: Bool { get }

    /// False if there is nothing at the path for the client, whatever the method.
    func isVisible(to context: RequestContext) -> Bool

    /// Answers a request: gives the writer one response, or throws before it has begun.
    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws
}

extension Endpoint {
    package var answersWhileExposed: Bool { false }
    package func isVisible(to context: RequestContext) -> Bool { true }
}
