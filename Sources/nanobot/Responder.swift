import ChatAPI
import FastCGI
import Gateway
import Glibc
import Logging
import Models
import Sessions
import SystemPackage

/// The whole program behind one listening socket, wired together.
struct Responder {
    let logger: Logger
    let dataDirectory: String
    let bodyLimit: Int
    private let router: Router
    private let workers: Int
    private let engine = TransferEngine()
    private let usesUpstreams: Bool
    private var listener: Listener?

    /// How long requests in flight may take to end when the program stops.
    static let patience = Duration.seconds(30)

    /// How many turns wait for the disk at once: fdatasync calls run side by side, and the workers go on meanwhile.
    private static let diskThreads = 16

    /// Reads the settings and opens the data directory.
    init(_ configuration: Configuration) throws {
        let level = try configuration.value("log.level", "a level such as info or debug") { Logger.Level(rawValue: $0) }
        let isJSON = try configuration.value("log.format", "text or json") { ["text": false, "json": true][$0] }
        let logger = Logger(label: "nanobot") { _ in LineLogHandler(logLevel: level, isJSON: isJSON) }
        self.logger = logger
        workers = try configuration.integer("workers", in: 1...256)
        bodyLimit = try configuration.integer("limits.bodyBytes", in: 1024...(1 << 30))
        dataDirectory = try configuration.dataDirectory()

        var settings = Router.Settings()
        settings.modelName = try configuration.value("model.name", "a name") { $0.isEmpty ? nil : $0 }
        settings.systemPrompt = configuration.text("model.system")
        settings.requiresModel = try configuration.flag("requireModel")
        settings.bodyLimit = bodyLimit
        let sessions: SessionStore
        do {
            let storeSettings = try SessionStore.Settings(configuration)
            sessions = try SessionStore(
                directory: FilePath(dataDirectory), settings: storeSettings,
                disk: try WorkerPool(threads: storeSettings.durability == .sync ? Self.diskThreads : 1),
                report: { logger.warning("\($0)") })
        } catch let error as SessionError {
            throw Failure(description: "\(error). Choose a directory that you can write with --data-dir.")
        }
        let models = try configuration.models(engine: engine) { logger.warning("\($0)") }
        usesUpstreams = models.usesUpstreams
        router = Router(settings: settings, sessions: sessions, model: models.main, logger: logger)
    }

    /// Serves the socket from now on, on threads of its own.
    mutating func start(_ socket: ListeningSocket) throws {
        var limits = Listener.Limits()
        limits.connections = Self.connectionLimit(perRequest: usesUpstreams ? 2 : 1)
        let (router, bodyLimit) = (router, bodyLimit)
        let listener = try Listener(socket: socket, workers: try WorkerPool(threads: workers), limits: limits, logger: logger) { exchange in
            let body: Request.Body =
                switch exchange.readBody(limit: bodyLimit) {
                case .complete(let bytes): .complete(bytes)
                case .tooLarge: .tooLarge
                case .incomplete: .incomplete
                }
            let request = Request(metaVariables: exchange.parameters, body: body)
            let response = await router.respond(to: request)
            // A web server that has left is not an error of this request: its turn is stored.
            try? exchange.write(response.serialized(includesBody: request.method != "HEAD"))
            exchange.finish()
        }
        try listener.start()
        self.listener = listener
    }

    /// Stops accepting and waits, bounded, for what is in flight.
    func stop() {
        let unfinished = listener?.stop(patience: Self.patience) ?? 0
        if unfinished > 0 { logger.warning("Stopped with \(unfinished) requests unfinished") }
        engine.stop()
    }

    /// As many connections as there may be descriptors, less some for session files and the program's own.
    ///
    /// - Parameter perRequest: how many descriptors a connection needs: another one where its chat waits for an upstream.
    private static func connectionLimit(perRequest: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        // The soft limit is low for the sake of select(2), which nothing here calls.
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return max(8, (Int(limit.rlim_cur) - 64) / perRequest, Int(limit.rlim_cur) / 2 / perRequest)
    }
}
