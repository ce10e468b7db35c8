package import FoundationEssentials
package import Logging
import Models
package import Sessions

/// The chat API: what its endpoints share.
package struct ChatService: Sendable {
    /// What the operator may choose of the API.
    package struct Settings: Sendable {
        /// True if a request has to name a model.
        package var requiresModel = false
        /// True if a picture may be an `https:` URL, which the model's server fetches.
        package var allowsRemoteImages = false
        /// True if an answer is streamed to a client that asks for that.
        package var streams = false
        /// How long a streamed answer is silent before a comment, or white space, is sent.
        package var keepAliveInterval = Duration.seconds(10)
        /// How long a turn that is not streamed may take before white space is sent. Nil: as long as it takes.
        package var heartbeatAfter: Duration?

        package init() {}
    }

    let settings: Settings
    let sessions: SessionStore
    let models: ModelCatalog
    let now: @Sendable () -> Date
    /// When the service began, in seconds since 1970.
    let started: Int
    let turns: TurnRunner

    /// Makes the service over a store of sessions and the models that answer.
    package init(
        settings: Settings = Settings(), sessions: SessionStore, models: ModelCatalog, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.sessions = sessions
        self.models = models
        self.now = now
        started = Int(now().timeIntervalSince1970)
        turns = TurnRunner(sessions: sessions, logger: logger, now: now)
    }
}
