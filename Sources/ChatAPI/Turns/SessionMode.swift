import CGI
import Server

/// `x-session-mode`: what a turn has to do with its session.
enum SessionMode: String {
    /// It sees the history, and is stored.
    case normal
    /// It sees the history.
    case readonly
    /// Neither.
    case ephemeral

    /// Reads the header; without one, the mode is normal.
    init(_ request: Request) throws(APIError) {
        let text = request.header("x-session-mode") ?? ""
        guard let mode = text.isEmpty ? .normal : Self(rawValue: text.lowercased()) else {
            throw .invalidValue("x-session-mode must be normal, readonly or ephemeral", param: "x-session-mode")
        }
        self = mode
    }
}
