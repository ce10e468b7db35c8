import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// A site whose data directory is a file system in a file, through a loop device. A copy of the file is what a power cut leaves: what the
/// file system was not asked to sync is in its page cache, and not in the file. (The device has no cache of its own that could be lost.)
struct PowerCutSite: Sendable {
    /// A message to the site. It can be sent again.
    struct Request: Sendable {
        var method: String
        var path: String
        var headers: [String]
        var body: [UInt8]

        init(_ method: String, _ path: String, session: String, headers: [String] = [], body: [UInt8] = []) {
            (self.method, self.path, self.body) = (method, path, body)
            self.headers = ["x-session-key: \(session)"] + headers
        }

        /// Has a key of its own, so that a later try is found behind other turns, too.
        static func chat(_ text: String, session: String) -> Self {
            Self("POST", Server.chatPath, session: session, headers: ["Idempotency-Key: \(text)"], body: Server.body(text))
        }

        static func delete(_ session: String) -> Self { Self("DELETE", "/v1/session", session: session) }

        static func undo(_ session: String) -> Self { Self("POST", "/v1/session/undo", session: session) }

        static func fork(_ session: String, to target: String) -> Self {
            Self("POST", "/v1/session/fork", session: session, body: Array(#"{"to":"\#(target)"}"#.utf8))
        }

        static func read(_ session: String) -> Self { Self("GET", "/v1/session?limit=1000", session: session) }
    }

    /// Each session's questions, by its key.
    typealias Sessions = [String: [String]]

    static let keys = ["a", "b", "c"]

    let site: Site
    private let home: TemporaryDirectory

    /// Runs `body` with a site that is stopped afterwards, whatever happens.
    ///
    /// - Parameter home: has the file, as a power cut left it; nil to begin with an empty one.
    static func run(
        _ home: TemporaryDirectory? = nil, durability: String = "sync", _ body: (PowerCutSite) async throws -> Void
    ) async throws {
        let home = if let home { home } else { try await makeDisk() }
        let data = home.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        // Keeps the file system mounted when the responder is killed: its end would write everything. By itself ext4 commits every five
        // seconds.
        let script = "mount -o loop,commit=300 '\(home.path)/disk' '\(data)' && echo mounted && exec sleep infinity"
        let keeper = try Program("unshare", ["--mount", "sh", "-c", script])
        func end() async throws {
            keeper.send(SIGKILL)
            _ = try await keeper.outcome()
        }
        do {
            _ = try await eventually { !keeper.standardOutput.isEmpty || keeper.hasEnded }
            try #require(!keeper.standardOutput.isEmpty, "\(keeper.standardError)")
            let wrapper = MountNamespace.wrapper(entering: keeper.processID)
            let environment = ["NANOBOT_DURABILITY": durability, "NANOBOT_STORAGE_MIN_FREE_BYTES": "0"]
            try await Site.run(home, wrapper: wrapper, environment: environment) { try await body(PowerCutSite(site: $0, home: home)) }
        } catch {
            try await end()
            throw error
        }
        try await end()
    }

    private static func makeDisk() async throws -> TemporaryDirectory {
        let home = try TemporaryDirectory()
        // Nothing is left to initialize, which the kernel would do meanwhile.
        let options = ["-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0"]
        let outcome = try await Program.run("mkfs.ext4", options + [home.path + "/disk", "16m"])
        try #require(outcome.status == 0, "\(outcome.standardError)")
        return home
    }

    /// Sends a request, and cuts the power at the moment when its answer is there.
    ///
    /// - Returns: the answer, and a home directory with what the power cut leaves.
    func send(_ request: Request) async throws -> (response: HTTPResponse, remains: TemporaryDirectory) {
        let (port, responder, disk) = (site.port, site.responder().processID, home.path + "/disk")
        return try await onOwnThread {
            let response = try HTTPConnection(port: port)
                .send(request.method, request.path, headers: request.headers, body: request.body)
            // What it would only now write comes too late.
            kill(responder, SIGSTOP)
            defer { kill(responder, SIGCONT) }
            let remains = try TemporaryDirectory()
            try FileManager.default.copyItem(atPath: disk, toPath: remains.path + "/disk")
            return (response, remains)
        }
    }

    /// Sends a request to the responder, which is killed when one of its threads asks for the given sync and before anything is synced, and
    /// starts the responder again. If there is no such sync, the request is answered.
    func send(_ request: Request, killedAtSync number: Int) async throws -> (response: HTTPResponse, remains: TemporaryDirectory) {
        // A system call at whose entry SIGKILL comes is not carried out (ptrace(2)).
        let injection = "inject=fdatasync:signal=KILL:when=\(number)"
        let tracer = try Program(
            "strace", ["-f", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", injection, "-p", "\(site.responder().processID)"])
        _ = try await eventually { tracer.standardError.contains("attached") || tracer.hasEnded }
        try #require(!tracer.hasEnded, "\(tracer.standardError)")
        let result = try await send(request)
        // It leaves the responder alone.
        tracer.send(SIGTERM)
        _ = try await tracer.outcome()
        if result.response.status == 502 { try await restart() }
        return result
    }

    /// Kills the responder and starts it again.
    func restart() async throws {
        try await site.killAndRestart(0)
        let server = try site.server
        try #require(try await eventually { try await server.send("GET", "/health").status == 200 })
    }

    /// What the site says that the sessions of `keys` are.
    func sessions() async throws -> Sessions {
        var sessions: Sessions = [:]
        for key in Self.keys {
            let request = Request.read(key)
            let response = try await site.server.send(request.method, request.path, headers: request.headers)
            guard response.status != 404 else { continue }
            #expect(response.status == 200, "\(String(decoding: response.body, as: UTF8.self))")
            sessions[key] = response.json["messages"]?.elements.filter { $0["role"]?.text == "user" }.compactMap { $0["content"]?.text }
        }
        return sessions
    }
}
