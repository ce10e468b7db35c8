package import Logging
package import Server
import Sessions

extension APIError {
    static let missingSessionKey = APIError(
        status: 400, code: "missing_session_key", message: "Missing required header: x-session-key")
    static let repeatedSessionKey = APIError(
        status: 400, code: "invalid_session_key", message: "The session key is sent more than once")
    static let invalidSessionPath = APIError(
        status: 400, code: "invalid_session_key", message: "The session key in the path is not percent-encoded UTF-8")
    static let otherSessionInPath = APIError(
        status: 400, code: "invalid_session_key", message: "The path and x-session-key name different sessions. Send one of them.")
    static let streamUnsupported = APIError(
        status: 400, code: "stream_unsupported",
        message: "stream=true is not supported yet. Set stream=false or omit it. The operator can turn the setting \"stream\" on.",
        param: "stream")
    static let sessionNotAllowed = APIError(
        status: 403, code: "session_not_allowed", message: "The scopes of this API key do not cover this session")
    static let sessionsNotListed = APIError(
        status: 403, code: "session_not_allowed",
        message: "Sessions are listed only for an API key whose scope covers them, and no API keys are configured")

    static let usageNotListed = APIError(
        status: 404, code: "not_found", message: "Usage is shown to the callers with an API key, and no API keys are configured")

    static func invalidMessages(
        _ message: String = "messages field is required and must be a non-empty array", param: String = "messages"
    ) -> APIError {
        APIError(status: 400, code: "invalid_messages", message: message, param: param)
    }

    static func invalidValue(_ message: String, param: String) -> APIError {
        APIError(status: 400, code: "invalid_value", message: message, param: param)
    }

    static func modelNotFound(_ message: String) -> APIError {
        APIError(status: 404, code: "model_not_found", message: message, param: "model")
    }

    /// What a client may know of a session's failure: never a path.
    init(_ error: SessionError) {
        self.init(certain: error)
        guard error.isOutcomeUnknown else { return }
        message = "It is not known whether this was stored. A retry, or a look at the session, finds out."
        headers.append(("x-outcome", "unknown"))
    }

    private init(certain error: SessionError) {
        switch error.code {
        case .invalidKey:
            self.init(status: 400, code: "invalid_session_key", message: error.description)
        case .notFound:
            self.init(status: 404, code: "session_not_found", message: "There is no session of this key")
        case .exists:
            self.init(status: 409, code: "session_exists", message: "There is a session of this key already", param: "to")
        case .empty:
            self.init(status: 404, code: "not_found", message: "The session has no turn that could be taken back")
        case .unknownTurn:
            self.init(status: 400, code: "invalid_value", message: "No turn of this session has this id", param: "before")
        case .notLast:
            self.init(status: 409, code: "session_busy", message: "Another turn of this session came first. Try again.")
        case .busy:
            self.init(
                status: 409, code: "session_busy", message: "Another turn of this session is still running. Try again later.",
                headers: [("Retry-After", "1")])
        case .idempotencyConflict:
            self.init(
                status: 409, code: "idempotency_key_conflict",
                message: "The idempotency key was used for another request of this session. Use a new key for a new request.")
        case .unreadable:
            self.init(
                status: 500, code: "session_unreadable", message: "The stored session cannot be read. It was left as it is.")
        case .newerFormat:
            self.init(
                status: 500, code: "session_unreadable",
                message: "The stored session was written by a newer version of this program. It was left as it is.")
        case .turnTooLong:
            self.init(status: 413, code: "request_too_large", message: "The turn is too long to be stored. \(error.description).")
        case .sessionFull:
            self.init(
                status: 507, code: "storage_full",
                message: "\(error.description). Nothing was lost. Go on with another session key, or delete this session; "
                    + "the operator can raise session.maxBytes.")
        case .tooManyCopies:
            self.init(
                status: 429, code: "rate_limit_exceeded", message: "Too much was copied lately. Try again later.",
                headers: [("Retry-After", "\(CopyAllowance.period)")])
        case .storageFull:
            self.init(status: 507, code: "storage_full", message: "There is no room to store this. Nothing was lost.")
        case .storageUnavailable:
            self.init(
                status: 503, code: "storage_unavailable", message: "Sessions cannot be read or written now. Nothing was lost.",
                headers: [("Retry-After", "5")])
        }
    }
}

extension SessionError: APIErrorConvertible {
    package var apiError: APIError { APIError(self) }
    package var logLevel: Logger.Level? { apiError.status >= 500 ? .error : nil }
}
