import CGI
import Server
import Text

/// `x-session-mode`: how a turn uses its session.
enum SessionMode: String, CaseIterable {
    /// The turn sees the history and is stored.
    case normal
    /// The turn sees the history and is not stored.
    case readonly
    /// The turn neither sees the history nor is stored.
    case ephemeral

    /// Reads the header; without one, the mode is normal.
    init(_ request: Request) throws(APIError) {
        let text = request.header("x-session-mode") ?? ""
        guard let mode = text.isEmpty ? .normal : Self(text: text.lowercased()) else {
            throw .invalidValue("x-session-mode must be normal, readonly or ephemeral", param: "x-session-mode")
        }
        self = mode
    }
}
