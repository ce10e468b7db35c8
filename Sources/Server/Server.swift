package import CGI
import Concurrency
package import Logging
package import Text

/// What happens to a turn whose client has left.
package enum DisconnectPolicy: String, Sendable, CaseIterable {
    /// The turn finishes and is stored, so that a retry finds it.
    case finish
    /// The turn is cancelled, and nothing is stored.
    case cancel
}

/// The settings for all requests.
package struct ServerOptions: Sendable {
    /// The largest body, in bytes.
    package var bodyLimit = 1 << 20
    /// The segments of the mount point; nil to use the web server's.
    package var mount: [String]?
    package var onDisconnect = DisconnectPolicy.finish
    /// True if `/s/{key}/` may precede every path, and names the session.
    package var namesSessionInPath = false
    /// The web pages whose scripts may use the API with any key, or without one while it is open.
    package var origins: [Origin] = []
    /// Nil if one machine has the data directory.
    package var recovery: RecoveryTimes?

    package init() {}
}

/// Passes requests of either transport through the middleware to their endpoint.
package struct Server: Sendable {
    package let options: ServerOptions
    private let endpoints: EndpointTable
    private let middleware: [any Middleware]
    let logger: Logger

    /// - Parameters:
    ///   - endpoints: everything that is served.
    ///   - middleware: passed by every request, outermost first.
    package init(_ endpoints: EndpointTable, middleware: [any Middleware], options: ServerOptions = ServerOptions(), logger: Logger) {
        (self.endpoints, self.middleware, self.options, self.logger) = (endpoints, middleware, options, logger)
    }

    /// Answers one request completely. It is not an error if the web server leaves meanwhile.
    ///
    /// - Returns: what to tell if the output cannot send the end of the response, which it may hold back.
    @discardableResult
    package func serve(_ request: Request, to output: some ResponseOutput) async -> Delivery {
        let delivery = Delivery(output)
        let context = RequestContext(
            request, delivery: delivery, options: options, logger: logger, destination: destination(of: request))
        let writer = ResponseWriter(output, includesBody: request.method != "HEAD")
        do {
            try await pass(context, writer, middleware[...])
        } catch {
            logger.debug("A response was not taken: \(error)")
            delivery.fail()
        }
        return delivery
    }

    /// Finds the endpoints of a request's path. A session's key is looked for first, since it may look like a mount point.
    private func destination(of request: Request) -> Destination {
        guard let path = request.path(below: options.mount) else { return Destination() }
        let sessionPaths = options.namesSessionInPath ? request.sessionPaths(in: path) : []
        for (key, rest) in sessionPaths {
            if let match = endpoints.find(rest) { return Destination(route: match.route, parameters: match.parameters, session: key) }
        }
        if let match = endpoints.find(path) { return Destination(route: match.route, parameters: match.parameters) }
        return Destination(instead: (sessionPaths.map(\.path) + [path]).lazy.compactMap(endpoints.alternative).first)
    }

    private func pass(_ context: RequestContext, _ writer: ResponseWriter, _ middleware: ArraySlice<any Middleware>) async throws {
        guard let first = middleware.first else { return try await Self.dispatch(context, writer) }
        try await first.handle(context, writer) { try await pass($0, $1, middleware.dropFirst()) }
    }

    private static func dispatch(_ context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let route = context.destination.route, route.endpoints.contains(where: { $0.isVisible(to: context) }) else {
            throw APIError.notFound(instead: context.destination.instead)
        }
        if let endpoint = context.endpoint { return try await endpoint.respond(to: context, writer) }
        let allowed = route.methods.joined(separator: ", ")
        guard context.method == "OPTIONS" else { throw APIError.methodNotAllowed(allowed: allowed) }
        try await writer.send(Response(status: 204, headers: [("Allow", allowed)]))
    }
}
