import ChatAPI
import FastCGI
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
    private let workers: WorkerPool
    private let engine = TransferEngine()
    private let onDisconnect: Disconnection
    private let connections: Int
    private var listener: Listener?

    /// How long requests in flight may take to end when the program stops.
    static let patience = Duration.seconds(30)

    /// How many turns wait for the disk at once: fdatasync calls run side by side, and the workers go on meanwhile.
    ///
    /// With these the process has fewer than 16 threads. `deploy/bench --only sync` on 2 cores and a fast disk, turns/s in pairs over four
    /// rounds: 6 do 1.05 of what 16 do, 8 do 1.01, 4 do 1.10; where the call takes long, more wait side by side with more threads.
    private static let diskThreads = 6

    /// Reads the settings and opens the data directory.
    init(_ configuration: Configuration) throws {
        let level = try configuration.value("log.level", "a level such as info or debug") { Logger.Level(rawValue: $0) }
        let isJSON = try configuration.value("log.format", "text or json") { ["text": false, "json": true][$0] }
        let logger = Logger(label: "nanobot") { _ in LineLogHandler(logLevel: level, isJSON: isJSON) }
        self.logger = logger
        let threads = try configuration.integer("workers", in: 1...256)
        workers = try WorkerPool(threads: threads)
        bodyLimit = try configuration.integer("limits.bodyBytes", in: 1024...(1 << 30))
        dataDirectory = try configuration.dataDirectory()

        var settings = Router.Settings()
        settings.requiresModel = try configuration.flag("requireModel")
        settings.allowsRemoteImages = try configuration.flag("upstream.allowRemoteImages")
        settings.bodyLimit = bodyLimit
        settings.streams = try configuration.flag("stream")
        if configuration.text("heartbeat.after") != nil {
            settings.heartbeatAfter = .seconds(try configuration.integer("heartbeat.after", in: 1...86_400))
        }
        onDisconnect = try configuration.value("onDisconnect", "finish or cancel") { Disconnection(rawValue: $0) }
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
        // A chat has a connection of the web server, and while it waits one to its upstream.
        let descriptors = Self.connectionLimit(workers: threads)
        if configuration.text("limits.connections") == nil {
            connections = descriptors / (models.usesUpstreams ? 2 : 1)
        } else {
            connections = min(descriptors, try configuration.integer("limits.connections", in: 8...65_536))
        }
        router = Router(settings: settings, sessions: sessions, models: models.catalog, executor: workers, logger: logger)
    }

    /// Serves the socket from now on, on threads of its own.
    mutating func start(_ socket: ListeningSocket) throws {
        var limits = Listener.Limits()
        limits.connections = connections
        let (router, bodyLimit, onDisconnect) = (router, bodyLimit, onDisconnect)
        let listener = try Listener(socket: socket, workers: workers, limits: limits, logger: logger) { exchange in
            await Self.serve(exchange, by: router, bodyLimit: bodyLimit, onDisconnect: onDisconnect)
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

    /// As many connections as there may be descriptors, in all, less those of the program's own, of which 16 are the locks', and those of
    /// session files: a turn opens two at most, on a thread that it does not leave meanwhile.
    private static func connectionLimit(workers: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        // The soft limit is low for the sake of select(2), which nothing here calls.
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let available = Int(limit.rlim_cur) - 32
        return max(8, available / 3, available - 2 * (workers + diskThreads))
    }
}
