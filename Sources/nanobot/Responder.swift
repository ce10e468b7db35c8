import ChatAPI
import Concurrency
import Configuration
import CoreMetrics
import FastCGI
import Glibc
import Logging
import Sessions
import Server

/// The application behind one listening socket.
struct Responder {
    let application: Application
    private let workers: WorkerPool
    private let connections: Int
    private var listener: Listener?

    /// How long requests in flight may take when the program stops.
    static let patience = Duration.seconds(30)
    /// How long they may take when another process has taken over: as long as any upstream's time limit.
    private static let retirement = Duration.seconds(86_400)
    /// nginx closes a connection after 60 s without a request (`keepalive_timeout`).
    private static let retirementSilence = Duration.seconds(75)

    /// How many turns wait for the disk at once. fdatasync calls run in parallel, and the workers continue meanwhile.
    ///
    /// The process then has fewer than 16 threads. `deploy/bench --only sync` on 2 cores and a fast disk, turns/s relative to 16 threads,
    /// in pairs over four rounds: 6 threads reach 1.05, 8 reach 1.01, 4 reach 1.10. On a slow disk more
    /// threads help.
    private static let diskThreads = 6

    /// Reads the settings and opens the data directory.
    ///
    /// - Parameters:
    ///   - isRestarted: true if an earlier responder had a data directory, which is then not created again.
    ///   - isRecovering: as `Application.init`.
    init(_ configuration: Configuration, isRestarted: Bool = false, isRecovering: Bool = false) throws {
        let threads = try configuration[.workers]
        let workers = try WorkerPool(threads: threads)
        self.workers = workers
        application = try Application(configuration, isRestarted: isRestarted, isRecovering: isRecovering, background: workers) {
            durability in
            try WorkerPool(threads: durability == .sync ? Self.diskThreads : 1)
        }
        Self.prepareSleep(on: workers)
        // A chat uses one connection from the web server and, while it waits, one to its upstream.
        let descriptors = Self.connectionLimit(workers: threads)
        connections =
            try configuration[.connections].map { min(descriptors, $0) } ?? descriptors / (application.usesUpstreams ? 2 : 1)
    }

    /// Begins to serve the socket, on threads of its own.
    mutating func start(_ socket: ListeningSocket) throws {
        var limits = Listener.Limits()
        limits.connections = connections
        let server = application.server
        let listener = try Listener(
            socket: socket, workers: workers, limits: limits, logger: application.logger,
            longHeadResponse: { server.refuseLongHead() }, handler: { exchange in await server.serve(exchange) })
        try listener.start()
        self.listener = listener
        Counter(label: RequestMetrics.starts).increment()
    }

    /// Stops accepting, since another process serves the socket now, and sends this process SIGTERM when its last request has ended.
    func retire() throws {
        guard let listener else { return }
        try startThread { [application] in
            _ = listener.stop(patience: Self.retirement, silence: Self.retirementSilence)
            application.background?.stop(patience: Self.retirement)
            kill(getpid(), SIGTERM)
        }
    }

    /// Stops accepting and waits at most `patience` for the requests in flight. Those that last longer are told to try again.
    func stop(patience: Duration = Self.patience) {
        let deadline = ContinuousClock.now + patience
        let unfinished = listener?.stop(patience: patience) ?? 0
        if unfinished > 0 { application.logger.warning("Stopped with \(unfinished) requests unfinished") }
        application.stop(patience: max(.zero, ContinuousClock.now.duration(to: deadline)))
    }

    /// Sleeps once: libdispatch opens the descriptors of its timers for the first sleep, and ends the process if there are none left then.
    private static func prepareSleep(on workers: WorkerPool) {
        let hasSlept = Semaphore()
        Task(executorPreference: workers) {
            try? await Task.sleep(for: .nanoseconds(1))
            hasSlept.signal()
        }
        hasSlept.wait()
    }

    /// The descriptor limit, less what else needs descriptors: 16 for the locks, two a worker, the program's others, and session files, of
    /// which a turn opens at most two, without leaving its thread meanwhile.
    private static func connectionLimit(workers: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        // The soft limit is low only because of select(2), which nothing here calls.
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let available = Int(limit.rlim_cur) - 32 - 2 * workers
        return max(8, available / 3, available - 2 * (workers + diskThreads))
    }
}
