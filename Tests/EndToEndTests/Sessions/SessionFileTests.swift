import Foundation
import Harness
import Testing

@Suite("Session files of the running program")
struct SessionFileTests {
    @Test("a turn is a line below the header, with the digest of the body it answered", arguments: Server.Kind.allCases)
    func lines(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            let bodies = ["Hello", "My name is Alice\\n\\u0001", "我叫什么名字？"].map(Server.body)
            var answers: [HTTPResponse] = []
            for body in bodies { answers.append(try await server.post(body, session: "wx:dm:user_alice")) }

            let name = "wx%3Adm%3Auser_alice"
            let lines = String(decoding: try server.bytes(ofSession: name), as: UTF8.self).components(separatedBy: "\n")
            #expect(lines.count == 6)
            #expect(lines[0].hasPrefix(#"{"format":"nanobot-session/1","key":"wx:dm:user_alice","created_at":""#))
            #expect(lines[0].hasSuffix(#"","turns":["#))
            #expect(lines.suffix(2) == ["]}", ""])

            let session = try server.session(name)
            #expect(session.keys == ["format", "key", "created_at", "turns"])
            for (index, (body, answer)) in zip(bodies, answers).enumerated() {
                let turn = session["turns"][index]
                let line = lines[index + 1]
                #expect(try JSON(Array((index < 2 ? line.dropLast() : line[...]).utf8)) == turn)
                #expect(index == 2 || line.hasSuffix(","))
                #expect(turn?.keys == ["id", "at", "messages", "model", "finish_reason", "usage", "request"])
                #expect(turn["id"]?.text?.hasPrefix("turn-") == true)
                #expect(turn["at"]?.text?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
                #expect(turn["messages"]?.elements.count == 2)
                #expect(turn["messages"][0]["role"] == .string("user"))
                #expect(turn["messages"][0]["content"] == (try JSON(body))["messages"][0]["content"])
                #expect(turn["messages"][1] == .object(["role": .string("assistant"), "content": .string(answer.answer)]))
                #expect(turn["model"] == .string("nanobot") && turn["finish_reason"] == .string("stop"))
                #expect(turn["usage"] == answer.json["usage"])
                #expect(turn["request"]?.keys == ["id", "idempotency_key", "body_sha256"])
                #expect(turn["request"]["id"]?.text == answer.headers["x-request-id"])
                #expect(turn["request"]["idempotency_key"] == .null)
                #expect(turn["request"]["body_sha256"]?.text == (try await sha256(body)))
            }
        }
    }

    @Test("other users cannot read session files")
    func modes() async throws {
        try await Server.run(.nginx) { server in
            for session in ["a", "b", "b"] { #expect(try await server.chat("Hello", session: session).status == 200) }
            #expect(try Server.mode(server.dataDirectory) == 0o700)
            #expect(try Server.mode(server.dataDirectory + "/sessions") == 0o700)
            let names = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions")
            #expect(names.sorted() == ["a.json", "b.json"])
            for name in names { #expect(try Server.mode(server.dataDirectory + "/sessions/" + name) == 0o600) }
        }
    }

    @Test("an idempotency key is stored with its turn", arguments: ["Idempotency-Key", "x-message-id"])
    func idempotencyKey(header: String) async throws {
        try await Server.run(.nginx) { server in
            let headers = ["x-session-key: a", "\(header): 42"]
            let response = try await server.send("POST", Server.chatPath, headers: headers, body: Server.body("Hello"))
            #expect(response.status == 200)
            #expect(try server.session("a")["turns"][0]["request"]["idempotency_key"] == .string("42"))
        }
    }

    /// As coreutils know it.
    private func sha256(_ bytes: [UInt8]) async throws -> String {
        let scratch = try TemporaryDirectory()
        let outcome = try await Program.run("sha256sum", [try scratch.file("bytes", bytes)])
        return String(decoding: outcome.standardOutput.prefix(64), as: UTF8.self)
    }
}
