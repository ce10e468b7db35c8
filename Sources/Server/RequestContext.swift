package import CGI
import Concurrency
package import Logging
import Text

/// One request on its way through the middleware to its endpoint.
package struct RequestContext: Sendable {
    package let request: Request
    /// The id in the response and in the log.
    package internal(set) var requestID = ""
    package let options: ServerOptions
    package let logger: Logger
    /// What the endpoint adds to the request's line in the access log.
    package let record = AccessRecord()
    /// The endpoints at the request's path; nil if there are none.
    let route: EndpointTable.Route?
    /// The method, if the path takes it; nil if it does not.
    let method: String?
    /// The endpoint for the request's method; nil if there is none.
    let endpoint: (any Endpoint)?
    /// The method and path pattern for logs, with nothing that only the client knows.
    let routeName: String
    private let parameters: [(key: String, value: String)]

    init(
        _ request: Request, options: ServerOptions, logger: Logger, route: EndpointTable.Route?, parameters: [(key: String, value: String)]
    ) {
        (self.request, self.options, self.logger, self.route, self.parameters) = (request, options, logger, route, parameters)
        let method = route?.methods.first { $0.utf8.elementsEqual(request.method.utf8) }
        self.method = method
        endpoint = route?.endpoints.first { $0.method == (method == "HEAD" ? "GET" : method) }
        routeName = route.map { "\(method ?? "another method") \($0.pattern)" } ?? "no route"
    }

    /// The value of a path parameter; empty if the path has none of that name.
    package func parameter(_ name: String) -> String { parameters.first { $0.key == name }?.value ?? "" }

    /// The whole body.
    ///
    /// - Throws: `APIError` if it is too large, incomplete or late.
    package func body() throws(APIError) -> [UInt8] {
        switch request.body {
        case .complete(let bytes): return bytes
        case .tooLarge: throw .requestTooLarge(limit: options.bodyLimit)
        case .incomplete: throw Task.isCancelled ? .stopping : .invalidJSON
        case .timedOut:
            logger.warning("The request's body did not arrive in time")
            throw APIError(status: 408, code: "request_timeout", message: "The request body did not arrive in time. Try again.")
        }
    }

    /// The error as the client may see it. Logs what the operator has to know.
    package func report(_ error: any Error) -> APIError {
        switch error {
        case is CancellationError: return .stopping
        case let error as any APIErrorConvertible:
            if let level = error.logLevel { logger.log(level: level, "\(error)") }
            return error.apiError
        default:
            logger.error("\(error)")
            return .internalError
        }
    }
}
