import Configuration
import FoundationEssentials
import CGI
// The environment is read before anything else runs.
@preconcurrency import Glibc
import Concurrency
import Logging
import Server
import Sessions
import JSON

/// One request over CGI (RFC 3875): a process for each, with the request in its environment and on its standard input.
enum CGIProgram {
    /// Whether a web server started the process for a request.
    static var isStarted: Bool { getenv("GATEWAY_INTERFACE") != nil }

    /// Answers the request. What keeps the program from that is an answer, too, and a line on standard error.
    static func run() {
        // The header `Proxy` would be a setting of that name (CVE-2016-5385).
        unsetenv("HTTP_PROXY")
        // A web server that has left is no reason to end before the turn is stored.
        signal(SIGPIPE, SIG_IGN)
        let transport = CGITransport(environment: CGITransport.processEnvironment(environ))
        do {
            let configuration = try Configuration(environment: ProcessInfo.processInfo.environment)
            let application = try Application(configuration) { _ in nil }
            // A client that is slow to take its answer holds one of the threads, and the turn goes on on the other.
            try run(on: WorkerPool(threads: 2)) {
                await answer(transport, by: application.server)
                application.sessions.pruneOnceAnHour()
            }
        } catch {
            Terminal.say("nanobot: \(error)")
            let logger = Logger(label: "nanobot") { _ in LineLogHandler(logLevel: .info, isJSON: false) }
            let server = Server(EndpointTable([]), middleware: MiddlewareList.refusing, logger: logger)
            // Where not even a thread can be had, the web server's own error has to do.
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
        await server.serve(transport.readRequest(bodyLimit: server.options.bodyLimit), to: transport)
        // The web server waits for the end of the response, not of the process.
        close(STDOUT_FILENO)
    }
}
