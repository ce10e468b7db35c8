/// Which of OpenAI's two APIs a server is asked by.
package enum UpstreamAPI: String, Sendable, CaseIterable {
    case chat
    case responses

    /// Where completions are asked for, below the base URL.
    package var path: String { self == .chat ? "chat/completions" : "responses" }
}
