package import Access
package import CGI
import Concurrency
package import Logging
import Text

/// Where a request's path leads.
struct Destination {
    /// The endpoints at the path; nil if there are none.
    var route: EndpointTable.Route?
    var parameters: [(key: String, value: String)] = []
    var session: String?
    /// If there is nothing: what there is instead, in one sentence.
    var instead: String?
}

/// One request on its way through the middleware to its endpoint.
package struct RequestContext: Sendable {
    package let request: Request
    /// The id in the response and in the log.
    package internal(set) var requestID = ""
    /// The caller's API key; nil while the API is open.
    package internal(set) var apiKey: APIKey?
    /// Counts the request against the limits of the key; nil if it has none.
    package internal(set) var meter: Meter?
    /// The visitor of a web page; nil unless the caller's key is publishable.
    package internal(set) var visitor: String?
    package let options: ServerOptions
    package let logger: Logger
    /// What the endpoint adds to the request's line in the access log.
    package let record = AccessRecord()
    package let delivery: Delivery
    let destination: Destination
    /// The method, if the path takes it; nil if it does not.
    let method: String?
    /// The endpoint for the request's method; nil if there is none.
    let endpoint: (any Endpoint)?
    /// The method and path pattern for logs, with nothing that only the client knows.
    let routeName: String

    init(_ request: Request, delivery: Delivery, options: ServerOptions, logger: Logger, destination: Destination) {
        (self.request, self.delivery, self.options, self.logger) = (request, delivery, options, logger)
        self.destination = destination
        let route = destination.route
        let method = route?.methods.first { $0 == request.method }
        self.method = method
        endpoint = route?.endpoints.first { $0.method == (method == "HEAD" ? "GET" : method) }
        routeName = route.map { "\(method ?? "another method") \($0.pattern)" } ?? "no route"
    }

    /// The value of a path parameter; empty if the path has none of that name.
    package func parameter(_ name: String) -> String { destination.parameters.first { $0.key == name }?.value ?? "" }

    /// The session's key in the path; nil if there is none. U+FFFD is in it if it was not percent-encoded UTF-8.
    package var sessionInPath: String? { destination.session }

    /// The whole body, unpacked if it came as gzip.
    ///
    /// - Throws: `APIError` if it is too large, incomplete or late, or cannot be unpacked.
    package func body() throws(APIError) -> [UInt8] {
        switch request.body {
        case .complete(let bytes): return try unpacked(bytes)
        case .tooLarge: throw .requestTooLarge(limit: options.bodyLimit)
        case .incomplete: throw Task.isCancelled ? .stopping : .invalidJSON
        case .timedOut:
            logger.warning("The request's body did not arrive in time")
            throw APIError(status: 408, code: "request_timeout", message: "The request body did not arrive in time. Try again.")
        }
    }

    /// A body without its content coding (RFC 9110, section 8.4.1), bounded as one that has none.
    private func unpacked(_ body: [UInt8]) throws(APIError) -> [UInt8] {
        let coding = (request.header("content-encoding") ?? "").lowercased()
        if coding == "" || coding == "identity" { return body }
        guard coding == "gzip" || coding == "x-gzip" else { throw .unknownCoding }
        do throws(Gzip.Failure) {
            return try Gzip.unpacked(body, limit: options.bodyLimit)
        } catch {
            throw error == .tooLong ? .requestTooLarge(limit: options.bodyLimit) : .damagedGzip
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
