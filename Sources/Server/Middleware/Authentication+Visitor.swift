import Access
import CGI
import Logging
import Text

extension Authentication {
    /// The visitor who uses a publishable key: the one of `x-visitor`, or a new one.
    func visitor(of request: Request, _ key: APIKey) throws -> Visitors.Visitor {
        guard let origin = request.origin, key.permits(origin: origin) else { throw APIError.originNotAllowed }
        do {
            let token = request.header("x-visitor") ?? ""
            guard !token.isEmpty else { return try keys.visitors.begin(with: key) }
            guard let visitor = try keys.visitors.visitor(token: token, with: key) else { throw APIError.unknownVisitor }
            return visitor
        } catch let error as KeyFileError {
            throw UnusableSecret(cause: error)
        }
    }

    private struct UnusableSecret: APIErrorConvertible, CustomStringConvertible {
        var cause: KeyFileError
        var description: String { cause.description }
        var apiError: APIError {
            APIError(
                status: 503, code: "storage_unavailable", message: "Visitors cannot be told apart now. Try again later.",
                headers: [("Retry-After", "5")])
        }
        var logLevel: Logger.Level? { .error }
    }
}

extension APIError {
    fileprivate static let originNotAllowed = APIError(
        status: 403, code: "origin_not_allowed", message: "This API key works only in web pages of its origins")

    fileprivate static let unknownVisitor = APIError(
        status: 401, code: "invalid_visitor",
        message: "x-visitor is not one that this server made for this API key. Without it, a new visitor begins.",
        headers: [("WWW-Authenticate", "Bearer")])
}
