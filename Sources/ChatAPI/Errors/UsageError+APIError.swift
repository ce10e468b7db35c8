import Access
package import Logging
package import Server

extension UsageError: APIErrorConvertible {
    package var apiError: APIError {
        switch self {
        case .tooManySessions:
            .invalidValue("These are more than \(Self.maximumSessions) sessions: ask for fewer days, or by day, key or model", param: "by")
        case .unreadable: APIError(status: 503, code: "storage_unavailable", message: "Usage cannot be read now. Try again later.")
        }
    }

    package var logLevel: Logger.Level? {
        switch self {
        case .tooManySessions: nil
        case .unreadable: .error
        }
    }
}
