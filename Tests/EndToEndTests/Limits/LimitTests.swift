import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Numbers and sizes at their limits")
struct LimitTests {
    /// Runs `body` with a server whose responder has to live to the end.
    private func expectNoDeath(_ kind: Server.Kind = .nginx, _ body: (Server) async throws -> Void) async throws {
        try await Server.run(kind) { server in
            let responders = server.responders.map(\.processID)
            #expect(responders.count == 1)
            try await body(server)
            let health = try await server.send("GET", "/health")
            #expect(health.status == 200)
            #expect(server.responders.map(\.processID) == responders)
            #expect(!server.program.standardError.contains("Crashed"), "\(server.program.standardError)")
        }
    }

    @Test("a sum of any size has its value, and the next request is answered", arguments: Server.Kind.allCases)
    func sums(kind: Server.Kind) async throws {
        let least = "-9.22337203685e+18"
        let sums = [
            ("-2^63", least), ("0 - 2^63", least), ("63-9223372036854775807", least), ("-4611686018427387904*2", least),
            ("my name is Bob. what is 0-2^63?", least), ("what is 2^63?", "9.22337203685e+18"), ("0-2^53", "-9007199254740992"),
        ]
        try await expectNoDeath(kind) { server in
            for (message, value) in sums {
                let response = try await server.chat(message, session: "a")
                #expect(response.status == 200 && response.answer.hasSuffix(" = \(value)"), "\(response.answer)")
            }
        }
    }

    @Test("a session with more tokens than a number holds is shown, exported, copied, continued and undone")
    func usage() async throws {
        try await expectNoDeath { server in
            for _ in 1...2 { _ = try await server.chat("Hello", session: "a") }
            let text = String(decoding: try server.bytes(ofSession: "a"), as: UTF8.self)
            let changed = text.replacing(/_tokens":[0-9]+/, with: "_tokens\":9223372036854775807")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: server.dataDirectory + "/sessions/a.json"))
            let header = ["x-session-key: a"]
            let shown = try await server.send("GET", "/v1/session", headers: header)
            #expect(shown.status == 200)
            #expect(String(decoding: shown.body, as: UTF8.self).contains(#""total_tokens":9223372036854775807}"#))
            for format in ["json", "jsonl", "markdown"] {
                let exported = try await server.send("GET", "/v1/session/export?format=\(format)", headers: header)
                #expect(exported.status == 200)
            }
            let forked = try await server.send("POST", "/v1/session/fork", headers: header, body: Array(#"{"to":"b"}"#.utf8))
            #expect(forked.status == 200)
            for arguments in [
                ["show", "a"], ["show", "--json", "b"], ["export", "a"], ["list"], ["verify"], ["fork", "a", "c"], ["undo", "c"],
            ] {
                let outcome = try await command(["sessions"] + arguments, server)
                #expect(outcome.status == 0, "\(arguments) \(outcome.standardError)")
            }
            let next = try await server.chat("What did I just ask you?", session: "a")
            #expect(next.status == 200 && next.answer.contains("Hello"))
            let undone = try await server.send("POST", "/v1/session/undo", headers: header)
            #expect(undone.status == 200)
        }
    }

    @Test("an invalid time, stored or imported, does not break retries")
    func time() async throws {
        try await expectNoDeath { server in
            let first = try await server.chat("Hello", session: "a", headers: ["Idempotency-Key: 1"])
            #expect(first.status == 200)
            let text = String(decoding: try server.bytes(ofSession: "a"), as: UTF8.self)
            let changed = text.replacing(/"at":"[^"]+"/, with: #""at":"9999999999999999999""#)
            let file = try server.home.file("import.json", changed.utf8)
            let imported = try await command(["sessions", "import", "--key", "b", file], server)
            #expect(imported.status == 0, "\(imported.standardError)")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: server.dataDirectory + "/sessions/a.json"))
            for session in ["a", "b"] {
                for expected in [nil, "true"] {
                    let response = try await server.chat("Hello", session: session, headers: ["Idempotency-Key: 2"])
                    #expect(response.status == 200 && response.headers["idempotency-replayed"] == expected)
                }
            }
        }
    }

    @Test("JSON nested as deep as allowed is accepted even on a host with small stacks", arguments: [508, 513, 100_000])
    func nesting(depth: Int) async throws {
        let body =
            #"{"x":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            + #","messages":[{"role":"user","content":"1+1"}]}"#
        let home = try TemporaryDirectory()
        try await Site.run(home, wrapper: ["sh", "-c", "ulimit -s 128; exec \"$@\"", "sh"]) { site in
            let response = try await site.server.post(body.utf8, session: "a")
            #expect(response.status == (depth <= 510 ? 200 : 400))
            let next = try await site.server.chat("1+1", session: "a")
            #expect(next.answer == "1+1 = 2")
        }
    }

    @Test(
        "a session followed by a few zeros continues, and one with many zeros or too long a line is refused and repaired"
    )
    func sizes() async throws {
        try await expectNoDeath { server in
            for session in ["a", "b"] {
                for text in ["one", "two", "three"] { _ = try await server.chat(text, session: session) }
            }
            let (zeros, line) = (server.dataDirectory + "/sessions/a.json", server.dataDirectory + "/sessions/b.json")
            #expect(truncate(zeros, 1 << 29) == 0)
            // In the second turn, a hole of a gigabyte.
            let bytes = try server.bytes(ofSession: "b")
            let start = try #require(bytes.firstRange(of: Array("\"two\"".utf8))).lowerBound
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: line))
            try file.truncate(atOffset: UInt64(start))
            try file.seek(toOffset: UInt64(start + 1 << 30))
            try file.write(contentsOf: bytes[start...])
            try file.close()

            let next = try await server.chat("What did I just ask you?", session: "a")
            #expect(next.answer.contains("three"))
            #expect(try server.bytes(ofSession: "a").count < 5000)
            expectError(try await server.chat("four", session: "b"), 500, "session_unreadable")
            #expect(truncate(zeros, 1 << 40) == 0)
            expectError(try await server.chat("four", session: "a"), 500, "session_unreadable")
            #expect(truncate(zeros, 0) == 0 && unlink(zeros) == 0)
            let verified = try await command(["sessions", "verify"], server)
            #expect(String(decoding: verified.standardOutput, as: UTF8.self) == "b.json: One of its lines is longer than any turn\n")
            let repaired = try await command(["sessions", "verify", "--repair"], server)
            #expect(String(decoding: repaired.standardOutput, as: UTF8.self).contains("2 readable turns were kept"))
            let after = try await server.chat("What did I just ask you?", session: "b")
            #expect(after.answer.contains("three"))
        }
    }

    @Test("a configuration nested without end is refused in a sentence")
    func configuration() async throws {
        let home = try TemporaryDirectory()
        let (object, array) = (String(repeating: #"{"a":"#, count: 100_000), String(repeating: "[", count: 100_000))
        for text in [
            object + "1" + String(repeating: "}", count: 100_000), #"{"models":\#(array)\#(array.replacing("[", with: "]"))}"#, object,
        ] {
            let file = try home.file("config.json", text.utf8)
            for arguments in [["config"], ["doctor"], ["fastcgi", "--socket", "unix:\(home.path)/socket"]] {
                let outcome = try await Program.run(Nanobot.path, arguments + ["--config", file], environment: Nanobot.environment(home))
                #expect(outcome.status < 128, "\(arguments)")
            }
            let outcome = try await Program.run(Nanobot.path, ["fastcgi", "--config", file], environment: Nanobot.environment(home))
            #expect(outcome.status == 1 && outcome.standardError.hasPrefix("nanobot: "), "\(outcome.standardError.prefix(200))")
        }
    }

    @Test(
        "numbers of any size in settings are refused in a sentence",
        arguments: ["limits.bodyBytes", "workers", "retention.days", "upstream.timeout"])
    func settings(key: String) async throws {
        let home = try TemporaryDirectory()
        for number in ["9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400"] {
            let (group, name) = (key.prefix { $0 != "." }, key.drop { $0 != "." }.dropFirst())
            let value = name.isEmpty ? number : #"{"\#(name)":\#(number)}"#
            let file = try home.file("config.json", #"{"\#(group)":\#(value)}"#.utf8)
            let outcome = try await Program.run(
                Nanobot.path, ["fastcgi", "--socket", "unix:\(home.path)/socket", "--config", file], environment: Nanobot.environment(home))
            #expect(outcome.status == 1 && outcome.standardError.contains(key), "\(outcome.standardError)")
        }
    }

    @Test("an upstream's reply that is nested too deep is an upstream error, streamed or not", arguments: [512, 513, 514])
    func upstream(depth: Int) async throws {
        let nested = String(repeating: "[", count: depth)
        for status in [200, 404] {
            let upstream = try FixedServer { request in
                let body = request.contains("\"stream\":true") ? "data: \(nested)\n\n" : nested
                return "HTTP/1.1 \(status) x\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
            }
            let environment = [
                "NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(upstream.port)/v1", "NANOBOT_STREAM": "true", "NANOBOT_UPSTREAM_RETRIES": "0",
            ]
            try await Server.run(.nginx, environment: environment.merging(["NANOBOT_UPSTREAM_MODEL": "m"]) { $1 }) { server in
                for stream in ["true", "false"] {
                    let body = #"{"stream":\#(stream),"messages":[{"role":"user","content":"Hello"}]}"#
                    let response = try await server.post(body.utf8, session: "a")
                    #expect(response.status == (status == 200 ? 502 : 404), "\(response)")
                }
                let health = try await server.send("GET", "/health")
                #expect(health.status == 200)
                #expect(!server.program.standardError.contains("Crashed"), "\(server.program.standardError)")
            }
        }
    }

    private static let answers = [
        "HTTP/1.1 101\r\n\r\n", String(repeating: "HTTP/1.1 101\r\n\r\n", count: 40_000), "\r\n\r\n",
        "HTTP/1.1 99999999999999999999 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: x\r\nContent-Length: 15\r\nConnection: close\r\n\r\n{\"status\":\"ok\"}",
    ]

    @Test("the doctor survives any answer of a server", arguments: answers.indices)
    func doctor(index: Int) async throws {
        let server = try FixedServer { request in
            // What a responder would say of itself, with a number that no user has.
            request.contains("?question=")
                ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                    + (index.isMultiple(of: 2)
                        ? #"{"object":"doctor.request","user":-1,"streams":true,"web_server":"x","document_root":"/"}"#
                        : String(repeating: "[", count: 513))
                : Self.answers[index]
        }
        let diagnosis = try await Diagnosis(try TemporaryDirectory(), ["http://127.0.0.1:\(server.port)"])
        #expect(diagnosis.status == 1 && !diagnosis.problems.isEmpty, "\(diagnosis)")
        let data = try DataDirectory().home
        let peer = try await Diagnosis(data, ["--data-dir", data.path, "--peer", "http://127.0.0.1:\(server.port)"])
        #expect(["path", "peer"].contains(peer.problems.last?.text.prefix { $0 != ":" }) && peer.status == 1, "\(peer)")
    }

    @Test("sessions are listed at once even if one file is as long as a file can be, and such a file cannot be imported")
    func endless() async throws {
        try await expectNoDeath { server in
            for text in ["one", "two"] { _ = try await server.chat(text, session: "a") }
            var size = Int.max
            while truncate(server.dataDirectory + "/sessions/a.json", size) != 0, size > 1 << 40 { size /= 2 }
            let listed = try await command(["sessions", "list", "--json"], server)
            #expect(listed.status == 0 && String(decoding: listed.standardOutput, as: UTF8.self).contains("\(size)"))
            let large = try server.home.file("large.json", "{".utf8)
            #expect(truncate(large, (2 << 30) + 1) == 0)
            let imported = try await command(["sessions", "import", "--key", "b", large], server)
            #expect(imported.status == 1 && String(decoding: imported.standardOutput, as: UTF8.self).contains("longer than"))
        }
    }

    private func command(_ arguments: [String], _ server: Server) async throws -> Program.Outcome {
        try await Program.run(
            Nanobot.path, arguments + ["--data-dir", server.dataDirectory], environment: Nanobot.environment(server.home))
    }
}

/// An HTTP server that gives each request an answer of any bytes, and closes.
private struct FixedServer: Sendable {
    let port: Int

    init(_ answer: @escaping @Sendable (_ request: String) -> String) throws {
        let server = try LoopbackServer()
        port = server.port
        server.start { connection in
            var request: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while request.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                request += buffer[..<count]
            }
            let bytes = Array(answer(String(decoding: request, as: UTF8.self)).utf8)
            _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        }
    }
}
