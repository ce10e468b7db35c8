package import Logging
import Models
package import Server

extension APIError {
    /// What a client may know of a model's failure: nothing that is meant for the operator.
    init(_ error: ModelError) {
        func retryAfter(_ seconds: Int) -> [(name: String, value: String)] { [("Retry-After", "\(max(0, error.retryAfter ?? seconds))")] }
        switch error.code {
        case .refused(let status):
            let message = error.clientMessage ?? "The model does not take this request"
            switch status {
            case 404: self.init(status: status, code: "model_not_found", message: message, param: error.param ?? "model")
            case 413: self.init(status: status, code: "request_too_large", message: message, param: error.param)
            default: self.init(status: status, code: "invalid_value", message: message, param: error.param)
            }
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
}

extension ModelError: APIErrorConvertible {
    package var apiError: APIError { APIError(self) }

    /// A turn that was cancelled because its client left or the server stops is not logged.
    package var logLevel: Logger.Level? { code == .cancelled ? nil : apiError.status >= 500 ? .error : .warning }
}
