import Foundation
import Testing

@Suite("Limits of the storage through a web server")
struct StorageLimitTests {
    @Test("a full session is named, and other sessions continue", arguments: Server.Kind.allCases)
    func fullSession(kind: Server.Kind) async throws {
        try await Server.run(kind, environment: ["NANOBOT_SESSION_MAX_BYTES": "4096"]) { server in
            let long = String(repeating: "word ", count: 1000)
            #expect(try await server.chat(long, session: "wx:dm:full").status == 200)
            let refused = try await server.chat("Hello", session: "wx:dm:full")
            expectError(refused, 507, "storage_full")
            #expect(refused.json["error"]["message"]?.text?.contains("wx:dm:full") == true)
            #expect(try server.session("wx%3Adm%3Afull")["turns"]?.elements.count == 1)
            #expect(try await server.chat("Hello", session: "wx:dm:other").status == 200)
            #expect(try await server.send("DELETE", "/v1/session", headers: ["x-session-key: wx:dm:full"]).status == 200)
            #expect(try await server.chat("Hello", session: "wx:dm:full").status == 200)
        }
    }

    @Test("nothing is stored with too little room on the disk", arguments: Server.Kind.allCases)
    func fullDisk(kind: Server.Kind) async throws {
        try await Server.run(kind, environment: ["NANOBOT_STORAGE_MIN_FREE_BYTES": "\(1 << 50)"]) { server in
            expectError(try await server.chat("Hello", session: "a"), 507, "storage_full")
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions") == [])
            #expect(try await server.send("GET", "/health").status == 200)
        }
    }
}
