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
    /// The request's conversation is the truth: the turn sees it, and the session becomes what it shows.
    case mirror

    /// Reads the header.
    ///
    /// - Parameter standard: the mode without one.
    init(_ request: Request, default standard: SessionMode) throws(APIError) {
        let text = request.header("x-session-mode") ?? ""
        guard let mode = text.isEmpty ? standard : Self(text: text.lowercased()) else {
            throw .invalidValue("x-session-mode must be normal, readonly, ephemeral or mirror", param: "x-session-mode")
        }
        self = mode
    }
}
