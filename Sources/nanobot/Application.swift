import CGI
import ChatAPI
import HTTPClient
import Logging
import Models
import Sessions
import SystemPackage

/// The program behind whatever brings its requests: settings, sessions, models and the API, wired together.
struct Application {
    let logger: Logger
    let dataDirectory: String
    let bodyLimit: Int
    let onDisconnect: DisconnectPolicy
    /// Whether any of the models is on another server.
    let usesUpstreams: Bool
    let sessions: SessionStore
    private let router: Router
    private let engine = TransferEngine()
    private let exposure: DocumentRootCheck?

    /// What happens to a turn whose client has left.
    enum DisconnectPolicy: String {
        /// It goes on and is stored, so that a retry finds it.
        case finish
        /// It ends, and nothing is stored.
        case cancel
    }

    /// Reads the settings and opens the data directory.
    ///
    /// - Parameters:
    ///   - isRestarted: whether there has been a data directory: where there is none now, it is waited for.
    ///   - workers: where turns run whose response begins before they have ended.
    ///   - disk: where what waits for the disk runs, by the durability; nil for where turns run.
    init(
        _ configuration: Configuration, isRestarted: Bool = false, workers: any TaskExecutor,
        disk: (SessionStore.Durability) throws -> (any TaskExecutor)?
    ) throws {
        let logger = try configuration.logger()
        self.logger = logger
        let settings = try Router.Settings(configuration)
        bodyLimit = settings.bodyLimit
        dataDirectory = try configuration.dataDirectory()
        onDisconnect = try configuration.onDisconnect()

        let mayBeExposed = try configuration.allowsDocumentRoot()
        do {
            var storeSettings = try SessionStore.Settings(configuration)
            if isRestarted { storeSettings.missingDirectory = .waitFor }
            sessions = try SessionStore(
                directory: FilePath(dataDirectory), settings: storeSettings, disk: try disk(storeSettings.durability),
                report: { logger.warning("\($0)") })
        } catch let error as SessionError {
            throw Failure(description: "\(error). Choose a directory that you can write with --data-dir.")
        }
        exposure = mayBeExposed ? nil : DocumentRootCheck(dataDirectory)
        let models = try configuration.models(engine: engine) { logger.warning("\($0)") }
        usesUpstreams = !models.upstreams.isEmpty
        router = Router(settings: settings, sessions: sessions, models: models.catalog, executor: workers, logger: logger)
    }

    /// The response to a request.
    func respond(to request: Request) async -> Response {
        if let exposure, let root = request.documentRoot, exposure.isInside(root), !Router.isExamination(request) {
            logger.error(
                "The data directory \(dataDirectory) is inside the web server's document root \(root), where everyone could read it. Choose another with dataDir, or set storage.allowInDocumentRoot."
            )
            return Router.internalError(to: request)
        }
        return await router.respond(to: request)
    }

    /// Ends what is left of requests to upstreams.
    func stop() { engine.stop() }
}
