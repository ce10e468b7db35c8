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

    /// Whether the turn is stored.
    var stores: Bool { self == .normal || self == .mirror }

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

extension ChatService {
    /// How the turn of a request uses its session.
    ///
    /// - Parameter standard: the mode if the request does not say; nil for that of the settings.
    func mode(of request: Request, default standard: SessionMode? = nil) throws(APIError) -> SessionMode {
        let mode = try SessionMode(request, default: standard ?? (settings.mirrors ? .mirror : .normal))
        // Front ends send the same headers with all of their requests.
        let isTask = settings.taskHeader.flatMap { request.header($0) }.map { !$0.isEmpty } ?? false
        return isTask ? .ephemeral : mode
    }
}
