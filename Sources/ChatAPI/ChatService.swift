package import Access
package import FoundationEssentials
package import Logging
import Models
package import Prometheus
package import Sessions

/// What the endpoints of the chat API share.
package struct ChatService: Sendable {
    package struct Settings: Sendable {
        /// True if a request must name a model.
        package var requiresModel = false
        /// True if an image may be an `https:` URL, which the model's server fetches.
        package var allowsRemoteImages = false
        /// True if the mode of requests that name none is `mirror`.
        package var mirrors = false
        /// The name of a header, in lower case, with which a front end marks requests of its own, such as for a title. They are `ephemeral`.
        package var taskHeader: String?
        /// True if a response is streamed to a client that asks for a stream.
        package var streams = false
        /// True if turns are recorded that no API key asked for.
        package var recordsOpenTurns = false
        /// How long a response is silent before a comment, or white space, is sent.
        package var keepAliveInterval = Duration.seconds(10)
        /// How long a turn that is not streamed may take before white space is sent; nil to send none.
        package var heartbeatAfter: Duration?

        package init() {}
    }

    let settings: Settings
    let sessions: SessionStore
    let models: ModelCatalog
    /// Where turns are recorded; nil if they are not.
    let usage: UsageLog?
    /// Counted by all processes of the data directory; nil if nobody counts.
    let metrics: MetricsRegistry?
    let logger: Logger
    let now: @Sendable () -> Date
    /// When the service began, in seconds since 1970.
    let started: Int
    let turns: TurnRunner
    /// Runs what goes on after its request; nil over CGI, where nothing does.
    let background: BackgroundTasks?

    package init(
        settings: Settings = Settings(), sessions: SessionStore, models: ModelCatalog, usage: UsageLog? = nil,
        metrics: MetricsRegistry? = nil, background: BackgroundTasks? = nil, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.sessions = sessions
        self.models = models
        self.usage = usage
        self.metrics = metrics
        self.background = background
        self.logger = logger
        self.now = now
        started = Int(now().timeIntervalSince1970)
        turns = TurnRunner(sessions: sessions, logger: logger, now: now)
    }
}
