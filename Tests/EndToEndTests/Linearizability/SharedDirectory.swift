import Foundation
import Glibc
import Harness
import Synchronization
import TestSupport
import Testing

/// A data directory that responders, CGI programs and commands use at the same time. There is no web server: the test speaks FastCGI itself.
final class SharedDirectory: Sendable {
    static let responderCount = 2

    /// How a request reaches the program.
    enum Transport: Sendable {
        /// One of the responders; the first is 0.
        case responder(Int)
        case cgi(Clock)
    }

    enum Delivery {
        case response(HTTPResponse)
        /// It may or may not be carried out.
        case unknown
        /// There was nobody to take it.
        case notSent
    }

    private let home: TemporaryDirectory
    private let environment: [String: String]
    private let responders = Mutex<[Program?]>(Array(repeating: nil, count: responderCount))
    private let files = Atomic(0)

    /// - Parameter upstream: the port of the model.
    init(upstream: Int) throws {
        home = try TemporaryDirectory()
        environment = Nanobot.environment(home).merging([
            "NANOBOT_DATA_DIR": home.path + "/data", "NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(upstream)/v1",
            "NANOBOT_UPSTREAM_MODEL": "recording", "NANOBOT_UPSTREAM_RETRIES": "1",
            // The model sees everything.
            "NANOBOT_HISTORY_MAX_TOKENS": "1000000",
        ]) { $1 }
    }

    private func socket(_ index: Int) -> String { "\(home.path)/\(index).sock" }

    func start(_ index: Int, _ clock: Clock, _ kernel: Kernel) async throws {
        // Both may be preloaded.
        let all = environment.merging(clock.environment) { $1 }.merging(kernel.environment) { "\($0) \($1)" }
        let program = try Program(Nanobot.path, ["fastcgi", "--socket", "unix:" + socket(index)], environment: all)
        responders.withLock { $0[index] = program }
        let listens = try await eventually(within: .seconds(60)) { SocketAddress.unix(socket(index)).isAnswered }
        try #require(listens, "\(program.standardError)")
    }

    /// Sends a responder a signal that does not end it.
    func signal(_ index: Int, _ signal: CInt) { responders.withLock { $0[index]?.send(signal) } }

    /// Ends a responder, if it runs.
    func end(_ index: Int, _ signal: CInt) async throws {
        guard let program = responders.withLock({ responders in responders[index].take() }) else { return }
        program.send(signal)
        let outcome = try await program.outcome()
        #expect(outcome.status == (signal == SIGKILL ? 128 + Int(SIGKILL) : 0), "\(outcome.standardError)")
    }

    /// - Parameter patience: how long the client waits before it leaves.
    func send(_ request: SessionRequest, over transport: Transport, patience: Duration) async throws -> Delivery {
        switch transport {
        case .responder(let index):
            let path = socket(index)
            return try await onOwnThread {
                guard let client = try? FastCGIClient(path: path) else { return .notSent }
                let records = [Record].head(request.metaVariables) + .body(request.body)
                guard let reply = try? client.ask(records, within: patience), !reply.stdout.isEmpty else { return .unknown }
                return .response(try HTTPResponse(cgi: reply.stdout))
            }
        case .cgi(let clock):
            let variables = Dictionary(uniqueKeysWithValues: request.metaVariables + [("GATEWAY_INTERFACE", "CGI/1.1")])
            let body = try home.file("body-\(files.add(1, ordering: .relaxed).newValue)", request.body)
            let input = open(body, O_RDONLY | O_CLOEXEC)
            defer { close(input) }
            guard let outcome = try await run([], clock, variables, input: input, patience: patience) else { return .unknown }
            return .response(try HTTPResponse(cgi: outcome.standardOutput))
        }
    }

    /// Asks over CGI whether the program can serve.
    func health(_ clock: Clock) async throws -> Program.Outcome? {
        let variables = ["GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/health"]
        return try await run([], clock, variables, patience: .seconds(100))
    }

    /// Runs `nanobot sessions`. Nil if it did not end in time and was killed.
    func command(_ arguments: [String], patience: Duration) async throws -> Program.Outcome? {
        try await run(["sessions"] + arguments, .right, patience: patience)
    }

    private func run(
        _ arguments: [String], _ clock: Clock, _ variables: [String: String] = [:], input: CInt? = nil, patience: Duration
    ) async throws -> Program.Outcome? {
        let all = environment.merging(clock.environment) { $1 }.merging(variables) { $1 }
        let program = try Program(Nanobot.path, arguments, environment: all, input: input)
        _ = try await eventually(within: patience) { program.hasEnded }
        program.send(SIGKILL)
        let outcome = try await program.outcome()
        return outcome.status == 128 + Int(SIGKILL) ? nil : outcome
    }

    /// The bytes of a session's file; nil if there is none.
    func file(_ session: String) -> [UInt8]? {
        FileManager.default.contents(atPath: "\(home.path)/data/sessions/\(session).json").map { Array($0) }
    }

    /// The names of the session files.
    var sessions: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: home.path + "/data/sessions").filter { !$0.hasPrefix(".") }
                .map { String($0.dropLast(".json".count)) }
        }
    }
}
