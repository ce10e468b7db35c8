import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Key files that break while the program runs")
struct KeyFileFaultTests {
    private func cgi(_ path: String, _ home: TemporaryDirectory) async throws -> String {
        let outcome = try await Program.run(
            Nanobot.path, [],
            environment: Nanobot.environment(home).merging([
                "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path,
                "SERVER_PROTOCOL": "HTTP/1.1", "NANOBOT_DATA_DIR": home.path + "/data",
            ]) { $1 })
        return String(decoding: outcome.standardOutput.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    @Test("with a damaged file a responder that was killed serves again, closed, and so does CGI", arguments: Server.Kind.allCases)
    func damaged(kind: Server.Kind) async throws {
        let home = try TemporaryDirectory()
        let added = try await Program.run(
            Nanobot.path, ["keys", "add", "--name", "a", "--scope", "*"], environment: Nanobot.environment(home))
        let secret = String(decoding: added.standardOutput.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let file = home.path + "/.nanobot/keys.json"
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        try await Server.run(kind, home: home) { server in
            let key = ["Authorization: Bearer \(secret)"]
            #expect(try await server.send("GET", "/v1/models", headers: key).status == 200)
            try whole.dropLast(9).write(to: URL(fileURLWithPath: file))
            for responder in server.responders { kill(responder.processID, SIGKILL) }
            let isBack = try await eventually { try await server.send("GET", "/health").status == 200 }
            #expect(isBack)
            expectError(try await server.send("GET", "/v1/models", headers: key), 401, "invalid_api_key")
            #expect(server.program.standardError.contains("Until then every request is refused"))
            #expect(try await cgi("/health", home) == "Status: 200 OK")
            #expect(try await cgi("/v1/models", home) == "Status: 401 Unauthorized")
            try whole.write(to: URL(fileURLWithPath: file))
            let isUsable = try await eventually { try await server.send("GET", "/v1/models", headers: key).status == 200 }
            #expect(isUsable)
        }
    }

    @Test("a responder that serves other machines stays closed without keys")
    func closed() async throws {
        let home = try TemporaryDirectory()
        let program = try Program(
            Nanobot.path, ["fastcgi", "--requires-key", "--socket", "unix:\(home.path)/socket"], environment: Nanobot.environment(home))
        let address = SocketAddress.unix(home.path + "/socket")
        let listens = try await eventually { address.isAnswered }
        #expect(listens)
        let isSaid = try await eventually { program.standardError.contains("refuses every request without one") }
        #expect(isSaid)
        program.send(SIGTERM)
        #expect(try await program.outcome().status == 0)
    }
}
