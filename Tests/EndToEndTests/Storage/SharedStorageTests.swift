import Foundation
import Harness
import TestSupport
import Testing

/// A data directory that several machines mount. In its place another directory stands for that of a missing mount.
@Suite("A shared data directory")
struct SharedStorageTests {
    private static let files = FileManager.default

    private let home: TemporaryDirectory
    private let id: String
    private var data: String { home.path + "/data" }
    private var environment: [String: String] { ["NANOBOT_STORAGE_CLUSTER": id] }

    init() async throws {
        home = try TemporaryDirectory()
        id = try await Self.run("cluster", "init", home.path + "/data", in: home).output.trimmingCharacters(in: .newlines)
    }

    private static func run(
        _ arguments: String..., in home: TemporaryDirectory, _ environment: [String: String] = [:]
    ) async throws -> (status: Int, output: String, error: String) {
        let outcome = try await Program.run(
            Nanobot.path, arguments, environment: Nanobot.environment(home).merging(environment) { $1 })
        return (outcome.status, String(decoding: outcome.standardOutput, as: UTF8.self), outcome.standardError)
    }

    /// Puts another directory in the place of the data directory while `body` runs.
    private func unmounted(_ content: [String] = [], _ body: () async throws -> Void) async throws {
        let elsewhere = home.path + "/elsewhere"
        try Self.files.moveItem(atPath: data, toPath: elsewhere)
        try Self.files.createDirectory(atPath: data, withIntermediateDirectories: false)
        for name in content { try Self.files.copyItem(atPath: "\(elsewhere)/\(name)", toPath: "\(data)/\(name)") }
        let before = try Self.files.subpathsOfDirectory(atPath: data).sorted()
        try await body()
        #expect(try Self.files.subpathsOfDirectory(atPath: data).sorted() == before)
        try Self.files.removeItem(atPath: data)
        try Self.files.moveItem(atPath: elsewhere, toPath: data)
    }

    private func cgi(_ method: String, _ path: String, _ headers: [String: String] = [:]) async throws -> HTTPResponse {
        let request = [
            "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1",
            "NANOBOT_DATA_DIR": data,
        ]
        let sent = Nanobot.environment(home).merging(request.merging(environment) { $1 }.merging(headers) { $1 }) { $1 }
        return try HTTPResponse(cgi: try await Program.run(Nanobot.path, [], environment: sent).standardOutput)
    }

    @Test(
        "nothing is answered or made while it is not mounted, with keys, limits and usage, and it goes on when it is back",
        arguments: [[], ["sessions", "locks-0", "locks-c"]])
    func notMounted(content: [String]) async throws {
        #expect(id.hasPrefix("cluster-"))
        let added = try await Self.run(
            "keys", "add", "--name", "a", "--scope", "*", "--rpm", "100", "--routes", "chat,read,list,export,write,admin",
            "--json", in: home)
        let secret = try #require(try JSON(Array(added.output.utf8))["secret"]?.text)
        let authorization = "Authorization: Bearer \(secret)"
        try await Site.run(home, environment: environment) { site in
            let server = try site.server
            func chat(_ text: String, _ session: String = "a") async throws -> HTTPResponse {
                try await server.chat(text, session: session, headers: [authorization])
            }
            #expect(try await chat("Is my hat blue?").status == 200)
            #expect(try await server.send("GET", "/metrics", headers: [authorization]).status == 200)
            try await unmounted(content) {
                for response in [
                    try await chat("What did I just ask you?"), try await chat("Hello", "new"),
                    try await server.send("GET", "/v1/session", headers: [authorization, "x-session-key: a"]),
                    try await server.send("DELETE", "/v1/session", headers: [authorization, "x-session-key: a"]),
                    try await server.send("GET", "/v1/sessions", headers: [authorization]),
                    try await server.send("GET", "/ready", headers: [authorization]),
                ] {
                    #expect(response.status == 503, "\(String(decoding: response.body, as: UTF8.self))")
                    #expect(response.json["error"]["code"]?.text == "storage_unavailable" || response.json["status"] != nil)
                }
                // The two waits of a client that tries three times reach behind the time that a file system takes to recover.
                #expect(try await chat("Hello", "new").headers["retry-after"] == "55")
                // What was counted is written now and then.
                #expect(try await server.send("GET", "/metrics", headers: [authorization]).status == 503)
            }
            #expect(try await chat("What did I just ask you?").answer.contains("Is my hat blue?"))
            #expect(try server.stored("a").turns.count == 2)
            #expect(site.responder().standardError.contains("Is it mounted?"))
        }
    }

    @Test("a responder that starts before the mount waits for it, and one of another cluster serves nothing")
    func early() async throws {
        #expect(try await Self.run("cluster", "init", data, in: home).output == id + "\n")
        let elsewhere = home.path + "/elsewhere"
        try Self.files.moveItem(atPath: data, toPath: elsewhere)
        try await Site.run(home, environment: environment) { site in
            let server = try site.server
            expectStorageUnavailable(try await server.chat("My hat is blue", session: "a"))
            #expect(!Self.files.fileExists(atPath: data))
            try Self.files.moveItem(atPath: elsewhere, toPath: data)
            #expect(try await server.chat("My hat is blue", session: "a").status == 200)
        }
        try await Site.run(home, environment: ["NANOBOT_STORAGE_CLUSTER": "cluster-of-others"]) { site in
            expectStorageUnavailable(try await site.server.chat("What did I say?", session: "a"))
            expectStorageUnavailable(try await site.server.send("GET", "/v1/session", headers: ["x-session-key: a"]))
        }
        let file = try JSON(Array(Data(contentsOf: URL(filePath: data + "/sessions/a.json"))))
        #expect(file["turns"]?.elements.count == 1)
        #expect(try Self.files.contentsOfDirectory(atPath: data + "/sessions") == ["a.json"])
    }

    @Test("over CGI and on the command line it is refused, too, and the doctor says what to do")
    func commands() async throws {
        func read() async throws -> HTTPResponse { try await cgi("GET", "/v1/session", ["HTTP_X_SESSION_KEY": "a"]) }
        #expect(try await read().status == 404)
        let status = try await Self.run("cluster", "status", data, in: home, environment)
        #expect(status.status == 0 && status.output == "\(data) carries the mark \(id)\n")
        #expect(try await Self.run("cluster", "status", data, in: home).error.contains("storage.cluster is not set"))
        let doctor = try await Self.run("doctor", "--data-dir", data, in: home, environment)
        #expect(doctor.output.contains("it carries the mark of its cluster, \(id)"))
        #expect(try await Self.run("doctor", "--data-dir", data, in: home).output.contains("(NANOBOT_STORAGE_CLUSTER) to \(id)"))
        try await unmounted {
            expectStorageUnavailable(try await read())
            for arguments in [["sessions", "list"], ["sessions", "show", "a"], ["doctor"]] {
                let outcome = try await Program.run(
                    Nanobot.path, arguments + ["--data-dir", data], environment: Nanobot.environment(home).merging(environment) { $1 })
                #expect(outcome.status == 1, "\(arguments) \(outcome.standardError)")
            }
            let status = try await Self.run("cluster", "status", data, in: home, environment)
            #expect(status.status == 1 && status.error.contains("it is not mounted here"))
            let doctor = try await Self.run("doctor", "--data-dir", data, in: home, environment)
            #expect(doctor.output.contains("does not carry the mark \(id)"))
        }
        #expect(try await read().status == 404)
    }
}
