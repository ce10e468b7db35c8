import Configuration
import CGI
// The environment is read before anything else runs.
@preconcurrency import Glibc
import Concurrency
import Logging
import Prometheus
import Server
import Sessions
import JSON

/// One request over CGI (RFC 3875): one process, with the request in its environment and on its standard input.
enum CGIProgram {
    /// True if a web server started the process for one request.
    static var isStarted: Bool { getenv("GATEWAY_INTERFACE") != nil }

    /// Answers the request. If the program cannot serve, the response says so, and so does a line on standard error.
    static func run() {
        // A client's `Proxy` header arrives under this name and would set a proxy (CVE-2016-5385).
        unsetenv("HTTP_PROXY")
        // If the web server leaves, the turn must still be stored.
        signal(SIGPIPE, SIG_IGN)
        let environment = CGITransport.processEnvironment(environ)
        // lighttpd sends SIGTERM as soon as it has the whole response, while the request is still counted.
        let transport = CGITransport(environment: environment, willEnd: { signal(SIGTERM, SIG_IGN) })
        do {
            let configuration = try Configuration(environment: environment)
            let application = try Application(configuration, servesOne: true) { _ in nil }
            // A slow client blocks one thread while the turn continues on the other.
            try run(on: WorkerPool(threads: 2)) {
                await answer(transport, by: application.server)
                application.metrics.flush()
                application.sessions.pruneOnceAnHour()
            }
        } catch {
            Terminal.say("nanobot: \(error)")
            let logger = Logger(label: "nanobot") { _ in LineLogHandler(logLevel: .info, isJSON: false) }
            let middleware = MiddlewareList.refusing(isMisconfigured: error is ConfigurationError)
            let server = Server(EndpointTable([]), middleware: middleware, logger: logger)
            // If no thread can be started either, the web server sends its own error.
            try? run(on: WorkerPool(threads: 1)) { await answer(transport, by: server) }
        }
    }

    private static func run(on workers: WorkerPool, _ body: @escaping @Sendable () async -> Void) {
        let ended = Semaphore()
        Task(executorPreference: workers) {
            await body()
            ended.signal()
        }
        ended.wait()
    }

    private static func answer(_ transport: CGITransport, by server: Server) async {
        let request = transport.readRequest(bodyLimit: server.options.bodyLimit)
        // The turn is stored, whoever gives it up meanwhile.
        if server.options.onDisconnect == .finish { signal(SIGTERM, SIG_IGN) }
        await server.serve(request, to: transport)
        // The web server waits for the end of the response, not of the process.
        close(STDOUT_FILENO)
    }
}
