package import CGI
import Concurrency
import Crypto

/// Gives each request an id, which is in the response's `x-request-id`, in the log and in crash reports.
package struct RequestIDs: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        var context = context
        context.requestID = Self.id(of: context.request)
        writer.addHeader("x-request-id", context.requestID)
        let label = RequestLabel(route: context.routeName, requestID: context.requestID)
        try await RequestLabel.$current.withValue(label) { try await next(context, writer) }
    }

    /// Keeps a client's id, so that its log and this one agree, but replaces one that could break a log line.
    private static func id(of request: Request) -> String {
        if let id = request.header("x-request-id"), 1...128 ~= id.utf8.count,
            id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") })
        {
            return id
        }
        return Identifier.make(prefix: "req_")
    }
}
