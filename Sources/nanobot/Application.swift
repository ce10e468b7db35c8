import Access
import CGI
import ChatAPI
import Concurrency
import Configuration
import CoreMetrics
import HTTPClient
import Logging
import Models
import Prometheus
import Server
import Sessions
import SystemPackage

/// The program behind either transport: settings, sessions, models and the API, wired together.
struct Application {
    let logger: Logger
    let dataDirectory: String
    /// True if any of the models is on another server.
    let usesUpstreams: Bool
    let sessions: SessionStore
    /// The API keys.
    let keys: KeyStore
    let server: Server
    let metrics: MetricsRegistry
    private let limits: LimitStore
    let background: BackgroundTasks?
    private let engine = TransferEngine()

    /// Reads the settings and opens the data directory.
    ///
    /// - Parameters:
    ///   - isRestarted: true if an earlier responder had a data directory. If it is missing now, the store waits for it.
    ///   - isRecovering: true if an earlier responder died. API keys that cannot be used now close the API, and do not end the program.
    ///   - servesOne: true if one request is served, over CGI.
    ///   - background: the executor for what goes on after its request; nil if nothing does.
    ///   - disk: the executor for work that waits for the disk, chosen by the durability; nil to run it with the turns.
    init(
        _ configuration: Configuration, isRestarted: Bool = false, isRecovering: Bool = false, servesOne: Bool = false,
        background: (any TaskExecutor)? = nil,
        disk: (SessionStore.Durability) throws -> (any TaskExecutor)?
    ) throws {
        try configuration.validate()
        let logger = try configuration.logger()
        self.logger = logger
        dataDirectory = try configuration[.dataDirectory]

        let system = try configuration.fileSystem()
        let mayBeExposed = try configuration[.allowsDocumentRoot]
        do {
            var storeSettings = try SessionStore.Settings(configuration)
            if isRestarted { storeSettings.missingDirectory = .waitFor }
            let disk = try disk(storeSettings.durability)
            sessions = try SessionStore(
                directory: FilePath(dataDirectory), settings: storeSettings, disk: disk,
                reading: disk == nil ? nil : try WorkerPool(threads: 1), in: system, logger: logger)
        } catch let error as SessionError {
            throw Failure(description: "\(error). Another directory can be chosen with --data-dir.")
        }
        // Keys that cannot be read before the directory is mounted close the API until they can.
        let isRecovering = try isRecovering || configuration[.cluster] != nil
        let models = try configuration.models(engine: engine, logger: logger)
        usesUpstreams = !models.upstreams.isEmpty
        let later = servesOne ? nil : sessions.reading
        metrics = MetricsRegistry(MetricsFile(FilePath(dataDirectory).appending("metrics"), in: system), executor: later, logger: logger)
        limits = LimitStore(dataDirectory: FilePath(dataDirectory), in: system, executor: later, logger: logger)
        MetricsSystem.bootstrap(metrics)
        self.background = background.map { BackgroundTasks(executor: $0) }
        let service = ChatService(
            settings: try ChatService.Settings(configuration), sessions: sessions, models: models.catalog,
            usage: try configuration.usageLog(logger), metrics: metrics, background: self.background, logger: logger)
        let keyFile = KeyFile(FilePath(try configuration.keysFile()), in: system)
        do {
            try keyFile.takeOver(try configuration[.givenKeys] ?? [])
        } catch let error as KeyFileError {
            guard isRecovering else { throw ConfigurationError("\(error).") }
            logger.error("\(error).")
        }
        keys = try KeyStore(
            keyFile, dataDirectory: FilePath(dataDirectory), isRecovering: isRecovering, servesOne: servesOne, logger: logger)
        server = service.server(
            guarding: mayBeExposed ? nil : dataDirectory, sessionNames: AccessLog.SessionNames(try configuration[.logSessions]),
            authentication: Authentication(keys, isRequired: try configuration[.requiresKey]),
            limits: limits, options: try ServerOptions(configuration), logger: logger)
    }

    /// Says in the log that there are no API keys.
    func sayIfOpen(requiresKey: Bool) {
        guard keys.ring == nil else { return }
        logger.notice(
            requiresKey
                ? "There are no API keys in \(keys.file.path), and auth.required refuses every request without one"
                : "There are no API keys in \(keys.file.path): the API is open to everybody who reaches it")
    }

    /// Waits at most `patience` for what runs in the background, ends all remaining requests to upstreams, and keeps what was counted.
    func stop(patience: Duration = .zero) {
        background?.stop(patience: patience)
        engine.stop()
        metrics.flush()
        limits.flush()
    }
}
