package import CGI

/// A concern of every request, in one file of its own. It may look at the request, change the context, answer instead of what follows, and
/// see the response that was given.
package protocol Middleware: Sendable {
    /// - Parameter next: what follows: further middleware, and in the end the endpoint.
    func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws
}

extension Middleware {
    package typealias Next = (RequestContext, ResponseWriter) async throws -> Void
}
