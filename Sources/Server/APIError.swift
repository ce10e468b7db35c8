package import JSON
package import Logging

/// An error as a client gets it: a row of the API's error table.
package struct APIError: APIErrorConvertible {
    package var status: Int
    package var code: String
    package var message: String
    package var param: String?
    package var headers: [(name: String, value: String)]

    package init(status: Int, code: String, message: String, param: String? = nil, headers: [(name: String, value: String)] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = headers
    }

    package var apiError: APIError { self }
    package var logLevel: Logger.Level? { nil }

    /// The error object of OpenAI's API: all four fields, always.
    package var body: JSONValue {
        let type = status >= 500 ? "server_error" : "invalid_request_error"
        return [
            "error": ["message": .string(message), "type": .string(type), "param": .optional(param), "code": .string(code)]
        ]
    }

    package static let notFound = notFound(instead: nil)

    static func notFound(instead: String?) -> APIError {
        APIError(status: 404, code: "not_found", message: instead ?? "There is nothing at this path")
    }

    package static let internalError = APIError(
        status: 500, code: "internal_error", message: "The server had an error while processing the request")

    static let configuration = APIError(
        status: 500, code: "configuration", message: "The server is set up wrongly. Its error log says what is wrong.")

    /// For a request that was cancelled. If its client has left, nobody reads it.
    package static let stopping = APIError(
        status: 503, code: "overloaded", message: "The server stops or restarts. Try again.", headers: [("Retry-After", "1")])

    static func methodNotAllowed(allowed: String) -> APIError {
        APIError(
            status: 405, code: "method_not_allowed", message: "The method is not allowed here. Allowed: \(allowed)",
            headers: [("Allow", allowed)])
    }

    package static func requestTooLarge(limit: Int) -> APIError {
        APIError(status: 413, code: "request_too_large", message: "The request body is larger than \(limit) bytes")
    }

    static let headTooLarge = APIError(
        status: 431, code: "headers_too_large", message: "The request's headers are larger than 65536 bytes")

    static let unknownCoding = APIError(
        status: 415, code: "unsupported_media_type", message: "The Content-Encoding of a request body must be gzip, or none",
        headers: [("Accept-Encoding", "gzip")])

    static let damagedGzip = APIError(
        status: 400, code: "invalid_json", message: "The request body is not valid gzip, as its Content-Encoding says: damaged or cut short"
    )

    package static let invalidJSON = APIError(status: 400, code: "invalid_json", message: "Invalid JSON body")
}

/// An error of another module with a row in the API's error table. Any other error becomes an internal error.
package protocol APIErrorConvertible: Error {
    /// The error as a client may see it.
    var apiError: APIError { get }
    /// The level at which it is logged; nil if it concerns only the client.
    var logLevel: Logger.Level? { get }
}
