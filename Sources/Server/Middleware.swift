package import CGI

/// A concern of every request, in a file of its own. It may read the request, change the context, answer instead of what follows, and
/// see the response that was sent.
package protocol Middleware: Sendable {
    /// - Parameter next: the rest: further middleware, and finally the endpoint.
    func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws
}

extension Middleware {
    package typealias Next = (RequestContext, ResponseWriter) async throws -> Void
}
