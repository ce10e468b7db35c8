package import Logging
import Models
package import Server
import Text

extension APIError {
    /// What a client may know of a model's failure: nothing that is meant for the operator.
    init(_ error: ModelError) {
        func retryAfter(_ seconds: Int) -> [(name: String, value: String)] { [("Retry-After", "\(max(0, error.retryAfter ?? seconds))")] }
        switch error.code {
        case .refused(let status):
            let code = error.clientCode.flatMap { Self.hiddenCodes.contains($0) ? nil : $0 } ?? Self.code(ofRefusal: status)
            self.init(
                status: status, code: code, message: error.clientMessage ?? "The model does not take this request",
                param: error.param ?? (code == "model_not_found" ? "model" : nil),
                headers: error.retryAfter.map { [("Retry-After", "\(max(0, $0))")] } ?? [])
        case .contextTooLong:
            self.init(
                status: 400, code: "context_length_exceeded",
                message: error.clientMessage ?? "The conversation is longer than the model can read", param: "messages")
        case .rateLimited:
            self.init(
                status: 429, code: "rate_limit_exceeded",
                message: error.clientMessage ?? "The model takes no more requests for now. Try again later.",
                headers: retryAfter(1))
        case .failed:
            self.init(status: 502, code: "upstream_error", message: error.clientMessage ?? "The model failed to answer")
        case .unavailable:
            self.init(
                status: 503, code: "upstream_unavailable", message: error.clientMessage ?? "The model cannot be reached. Try again later.",
                headers: retryAfter(5))
        case .timedOut:
            self.init(status: 504, code: "upstream_timeout", message: error.clientMessage ?? "Request timed out")
        case .cancelled:
            self = .stopping
        }
    }

    /// Codes that would tell a client something about this server that the upstream does not mean, and those that only repeat the status.
    private static let hiddenCodes = [
        "missing_session_key", "invalid_session_key", "session_not_allowed", "session_not_found", "session_busy", "session_exists",
        "session_unreadable", "idempotency_key_conflict", "invalid_api_key", "storage_full", "storage_unavailable", "overloaded",
        "not_found", "method_not_allowed", "bad_request", "unprocessable_entity",
    ]

    /// The code of a refusal for which the upstream has none.
    private static func code(ofRefusal status: Int) -> String {
        switch status {
        case 402: "insufficient_quota"
        case 404: "model_not_found"
        case 408: "request_timeout"
        case 409: "conflict"
        case 413: "request_too_large"
        case 415: "unsupported_media_type"
        case 424: "failed_dependency"
        case 451: "unavailable_for_legal_reasons"
        default: "invalid_value"
        }
    }
}

extension ModelError: APIErrorConvertible {
    package var apiError: APIError { APIError(self) }

    /// A turn that was cancelled because its client left or the server stops is not logged.
    package var logLevel: Logger.Level? { code == .cancelled ? nil : apiError.status >= 500 ? .error : .warning }
}
