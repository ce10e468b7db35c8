package import CGI
import Concurrency
import Crypto

/// Gives each request an id, which the response has in `x-request-id`, and which a crash's report and the log show.
package struct RequestIDs: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        var context = context
        context.requestID = Self.id(of: context.request)
        writer.addHeader("x-request-id", context.requestID)
        let label = RequestLabel(route: context.routeName, requestID: context.requestID)
        try await RequestLabel.$current.withValue(label) { try await next(context, writer) }
    }

    /// A client's id is kept, so that its logs and these agree. One that could break a line of a log is replaced.
    private static func id(of request: Request) -> String {
        if let id = request.header("x-request-id"), 1...128 ~= id.utf8.count,
            id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") })
        {
            return id
        }
        return Identifier.make(prefix: "req_")
    }
}
