import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("A data directory that goes away under the responder")
struct MissingDirectoryTests {
    private static let files = FileManager.default

    @Test(
        "nothing is stored while the data directory is away, and its sessions continue when it is back",
        arguments: ["data", "data/sessions"])
    func movedAway(name: String) async throws {
        try await Site.run { site in
            let server = try site.server
            #expect(try await server.chat("Is my hat blue?", session: "a", headers: ["Idempotency-Key: 1"]).status == 200)
            let file = try server.bytes(ofSession: "a")
            let (place, elsewhere) = ("\(site.home.path)/\(name)", site.home.path + "/elsewhere")

            try Self.files.moveItem(atPath: place, toPath: elsewhere)
            try await expectUnavailable(server)
            #expect(!Self.files.fileExists(atPath: place))
            try Self.files.moveItem(atPath: elsewhere, toPath: place)

            #expect(try server.bytes(ofSession: "a") == file)
            for (number, isReplayed) in [("2", nil), ("2", "true"), ("1", "true")] as [(String, String?)] {
                let text = number == "1" ? "Is my hat blue?" : "What did I just ask you?"
                let response = try await server.chat(text, session: "a", headers: ["Idempotency-Key: \(number)"])
                #expect(response.status == 200 && response.headers["idempotency-replayed"] == isReplayed)
                if number == "2" { #expect(response.answer.contains("Is my hat blue?")) }
            }
            #expect(try server.stored("a").turns.map(\.question) == ["Is my hat blue?", "What did I just ask you?"])
            #expect(try Self.files.contentsOfDirectory(atPath: server.dataDirectory + "/sessions") == ["a.json"])
        }
    }

    @Test("a data directory that was removed works again as soon as somebody creates it")
    func removed() async throws {
        try await Site.run { site in
            let server = try site.server
            #expect(try await server.chat("Is my hat blue?", session: "a").status == 200)
            try Self.files.removeItem(atPath: server.dataDirectory)
            try await expectUnavailable(server)
            #expect(!Self.files.fileExists(atPath: server.dataDirectory))

            try Self.files.createDirectory(atPath: server.dataDirectory, withIntermediateDirectories: false)
            #expect(try await server.send("GET", "/v1/session", headers: ["x-session-key: a"]).status == 404)
            for text in ["My hat is red", "What did I just ask you?"] {
                #expect(try await server.chat(text, session: "a").status == 200)
            }
            #expect(try server.stored("a").turns.map(\.question) == ["My hat is red", "What did I just ask you?"])
            #expect(try server.stored("a").turns[1].messages[1].content.contains("My hat is red"))
            #expect(try Server.mode(server.dataDirectory + "/sessions") == 0o700)
            #expect(try Server.mode(server.dataDirectory + "/sessions/a.json") == 0o600)
        }
    }

    /// How many errors the responder has logged; each request has a line of its own there, too.
    private static func errorCount(_ site: Site) -> Int { site.responder().standardError.components(separatedBy: " error: ").count }

    @Test("every answered turn is in its file, once and in order, however often the data directory goes and returns")
    func underLoad() async throws {
        try await Site.run { site in
            let load = Load(port: site.port, failure: 503)
            let (data, elsewhere) = (site.home.path + "/data", site.home.path + "/elsewhere")
            let logs = try await load.run((1...50).map { "session\($0)" }) {
                for _ in 1...10 {
                    // Back at once: a turn may see it away in one call, and there in the next.
                    for _ in 1...100 {
                        try Self.files.moveItem(atPath: data, toPath: elsewhere)
                        try Self.files.moveItem(atPath: elsewhere, toPath: data)
                        usleep(UInt32.random(in: 0...1000))
                    }
                    try #require(try await load.moment(), "\(site.responder().standardError)")
                    try Self.files.moveItem(atPath: data, toPath: elsewhere)
                    // A turn that had begun may still be answered.
                    let failures = Self.errorCount(site)
                    let isNoticed = try await eventually { Self.errorCount(site) > failures }
                    #expect(isNoticed)
                    try Self.files.moveItem(atPath: elsewhere, toPath: data)
                }
            }
            #expect(logs.reduce(0) { $0 + $1.failures } >= 10)
            try site.server.expectStored(logs)
            #expect(try Self.files.contentsOfDirectory(atPath: data + "/quarantine").isEmpty)
        }
    }

    /// Nothing of a session is answered, be it for reading or writing; what needs none is.
    private func expectUnavailable(_ server: Server) async throws {
        let key = ["x-session-key: a"]
        let responses = [
            try await server.chat("What did I just ask you?", session: "a", headers: ["Idempotency-Key: 2"]),
            try await server.chat("Hello", session: "new"),
            try await server.chat("What did I just ask you?", session: "a", headers: ["x-session-mode: readonly"]),
            try await server.send("GET", "/v1/session", headers: key),
            try await server.send("GET", "/v1/session/export", headers: key),
            try await server.send("POST", "/v1/session/undo", headers: key),
            try await server.send("DELETE", "/v1/session", headers: key),
        ]
        for response in responses { expectStorageUnavailable(response) }
        #expect(try await server.chat("Hello", session: "a", headers: ["x-session-mode: ephemeral"]).status == 200)
        #expect(try await server.send("GET", "/health").status == 200)
    }
}
