import Foundation
import Glibc
import Harness
import Testing

@Suite("No room for a turn")
struct FullDiskTests {
    /// What leaves no room.
    enum Shortage: String, CaseIterable, CustomTestStringConvertible {
        /// A limit on the size of the process's files (RLIMIT_FSIZE).
        case limit
        /// A file system of 256 KiB.
        case disk
        /// The same, of which half has to stay free.
        case floor

        var testDescription: String { rawValue }

        static func possible() async throws -> [Self] { try await MountNamespace.isAvailable() ? allCases : [.limit] }

        func wrapper(_ dataDirectory: String) -> [String] {
            // The soft limit: it can be raised again.
            self == .limit ? ["prlimit", "--fsize=131072:"] : MountNamespace.wrapper(mounting: 256, at: dataDirectory)
        }

        var floor: Int { self == .floor ? 131_072 : 0 }

        func makeRoom(_ process: pid_t, _ dataDirectory: String) async throws {
            if self == .limit {
                try #require(try await Program.run("prlimit", ["--pid", "\(process)", "--fsize=1048576:"]).status == 0)
            } else {
                try await MountNamespace.run("mount -o remount,size=1m '\(dataDirectory)'", in: process)
            }
        }
    }

    @Test(
        "on a full disk no turn is stored and none is lost, and with room the session continues", arguments: try await Shortage.possible())
    func session(shortage: Shortage) async throws {
        try await Self.run(shortage) { server, site in
            let questions = try await fill(server, "a")
            let full = try server.bytes(ofSession: "a")
            #expect(try StoredSession(full).turns.map(\.question) == questions)

            // Neither a large one: it may not fit where a small one would.
            expectError(try await server.chat(Self.text(0) + Self.text(0), session: "a"), 507, "storage_full")
            expectError(try await server.chat(String(repeating: "x", count: 300_000), session: "new"), 507, "storage_full")
            #expect(try server.bytes(ofSession: "a") == full)
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions") == ["a.json"])
            #expect(try await server.send("GET", "/health").status == 200)
            #expect(try server.freeByteCount() >= shortage.floor / 2)

            try await shortage.makeRoom(site.responder().processID, site.home.path + "/data")
            for text in ["What did I just ask you?", "Hello"] { #expect(try await server.chat(text, session: "a").status == 200) }
            #expect(try server.stored("a").turns.map(\.question) == questions + ["What did I just ask you?", "Hello"])
            #expect(try server.stored("a").turns[questions.count].messages[1].content.contains(questions[questions.count - 1].prefix(20)))
            #expect(try await server.chat("Hello", session: "new").status == 200)
        }
    }

    @Test("a turn is refused before the model is asked if less space is free than must stay free")
    func floor() async throws {
        try await Site.run(environment: ["NANOBOT_STORAGE_MIN_FREE_BYTES": "\(1 << 50)"]) { site in
            let server = try site.server
            expectError(try await server.chat("Hello", session: "a"), 507, "storage_full")
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions").isEmpty)
        }
    }

    private static func run(_ shortage: Shortage, _ body: (Server, Site) async throws -> Void) async throws {
        let home = try TemporaryDirectory()
        let data = home.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        let environment = ["NANOBOT_STORAGE_MIN_FREE_BYTES": "\(shortage.floor)"]
        try await Site.run(home, wrapper: shortage.wrapper(data), environment: environment) { site in
            var server = try site.server
            // As the responder sees it (proc(5)).
            server.dataDirectory = "/proc/\(site.responder().processID)/root" + data
            try await body(server, site)
        }
    }

    /// Sends turns until there is no room, and gives those that were answered.
    private func fill(_ server: Server, _ session: String) async throws -> [String] {
        var answered: [String] = []
        for number in 1...200 {
            let response = try await server.chat(Self.text(number), session: session)
            guard response.status == 200 else {
                expectError(response, 507, "storage_full")
                break
            }
            answered.append(Self.text(number))
        }
        #expect(2..<200 ~= answered.count)
        return answered
    }

    private static func text(_ number: Int) -> String { "This is turn number \(number) \(String(repeating: "x", count: 3_000))" }
}

extension Server {
    /// Bytes that are free where the sessions are.
    fileprivate func freeByteCount() throws -> Int {
        var status = statvfs()
        guard statvfs(dataDirectory, &status) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
