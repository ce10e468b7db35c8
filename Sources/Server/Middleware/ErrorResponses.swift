import Logging
package import CGI
import JSON

/// The one place where errors become responses. An error after the response has begun, mostly of a client that left, is passed on.
package struct ErrorResponses: Middleware {
    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        do {
            try await next(context, writer)
        } catch let error as ClientLeft {
            throw error
        } catch {
            guard writer.status == nil else { throw error }
            let error = context.options.recovery.map { $0.applied(to: context.report(error)) } ?? context.report(error)
            try await writer.send(.json(error.body, status: error.status, headers: error.headers))
        }
        if writer.status == nil {
            context.logger.error("Nothing answered \(context.routeName)")
            try await writer.send(.json(APIError.internalError.body, status: 500))
        }
    }
}
