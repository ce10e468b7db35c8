import Foundation
import Harness
import TestSupport
import Testing

@Suite("Every way from a web server to the program: paths and bodies of odd clients")
struct SessionPathTests {
    /// A key in a path, and as it is.
    private static let keys = [
        ("wx:dm:a", "wx:dm:a"), ("wx%3Adm%3Ab", "wx:dm:b"), ("a%2Fb", "a/b"), ("a%2F%2Fb", "a//b"), ("a%2F..%2Fb", "a/../b"),
        ("a%252Fb", "a%2Fb"), ("%E5%BE%AE%E4%BF%A1", "微信"), ("a+b%20c%2B", "a+b c+"),
    ]

    @Test("a session's key in the path arrives as it was sent", arguments: Deployment.Way.allCases)
    func sessionPath(way: Deployment.Way) async throws {
        try await Deployment.run(way, settings: #"{"session":{"fromPath":true}}"#) { server in
            for (raw, key) in Self.keys {
                let chat = try await server.send("POST", "/s/\(raw)/v1/chat/completions", body: Server.body("Hello"))
                #expect(chat.status == 200, "\(raw)")
                let session = try await server.send("GET", "/s/\(raw)/session", headers: ["x-session-key: \(key)"])
                #expect(session.json["key"] == .string(key), "\(raw)")
                #expect(session.json["turns"] == .number(1), "\(raw)")
            }
            for raw in ["%ff", "%zz", "%20a", ""] {
                // Web servers refuse some of them themselves.
                let refused = try await server.send("GET", "/s/\(raw)/v1/session")
                #expect([400, 404].contains(refused.status), "\(raw)")
            }
            expectError(
                try await server.send("GET", "/s/a/v1/session", headers: ["x-session-key: b"]), 400, "invalid_session_key")
            expectError(try await server.send("PUT", "/s/a/v1/session"), 405, "method_not_allowed")
            let models = try await server.send("GET", "/s/a/v1/models/")
            #expect(models.status == 200)
        }
    }

    @Test("a body that is gzip is unpacked, up to the limit on bodies", arguments: Deployment.Way.allCases)
    func packed(way: Deployment.Way) async throws {
        let scratch = try TemporaryDirectory()
        func gzip(_ body: [UInt8]) async throws -> [UInt8] {
            try await Program.run("gzip", ["-c", try scratch.file("body", body)]).standardOutput
        }
        let headers = ["x-session-key: packed", "Content-Encoding: gzip"]
        let question = try await gzip(Server.body("What is 1+1?"))
        let tooLong = try await gzip(Server.body(String(repeating: "x", count: 1 << 20)))
        try await Deployment.run(way) { server in
            let answer = try await server.send("POST", Server.chatPath, headers: headers, body: question)
            #expect(answer.status == 200)
            #expect(try server.session("packed")["turns"][0]["messages"][0]["content"] == .string("What is 1+1?"))
            let cut = try await server.send("POST", Server.chatPath, headers: headers, body: question.dropLast(9))
            expectError(cut, 400, "invalid_json")
            expectError(try await server.send("POST", Server.chatPath, headers: headers, body: tooLong), 413, "request_too_large")
            let other = try await server.send(
                "POST", Server.chatPath, headers: ["x-session-key: packed", "Content-Encoding: br"], body: question)
            expectError(other, 415, "unsupported_media_type")
        }
    }

    @Test("a key in a path is no path without the setting, and the log shows its hash alone", arguments: Server.Kind.allCases)
    func log(kind: Server.Kind) async throws {
        try await Server.run(kind) { expectError(try await $0.send("GET", "/s/a/v1/models"), 404, "not_found") }
        try await Server.run(kind, environment: ["NANOBOT_SESSION_FROM_PATH": "true"]) { server in
            let chat = try await server.send("POST", "/s/wx%3Asecret/v1/chat/completions", body: Server.body("Hello"))
            #expect(chat.status == 200)
            #expect(try await eventually { server.program.standardError.contains("POST /v1/chat/completions") })
            #expect(server.program.standardError.contains("session="))
            #expect(!server.program.standardError.contains("secret"))
        }
    }
}
