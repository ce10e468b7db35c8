import Foundation
import Testing

@Suite("Session keys through a web server", .sharedServers)
struct SessionKeyTests {
    static let long = String(repeating: "k", count: 512)

    /// Keys and the names of their files.
    static let goodKeys = [
        ("wx:dm:user_alice", "wx%3Adm%3Auser_alice"), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), ("a:b", "a%3Ab"), ("a_b", "a_b"),
        ("a%3Ab", "a%253Ab"), ("con", "con"), ("CON", "CON"), (".", "%2E"), ("..", "%2E."), (".hidden", "%2Ehidden"),
        ("张三的会话", "%E5%BC%A0%E4%B8%89%E7%9A%84%E4%BC%9A%E8%AF%9D"), ("a b", "a%20b"), ("a/b", "a%2Fb"),
        ("sessions+delete", "sessions%2Bdelete"),
        ("-h", "-h"), (String(repeating: "n", count: 200), String(repeating: "n", count: 200)),
        (long, String(repeating: "k", count: 100) + "~789a49fcfe20dccddb0f9266345989ae51c3333847df3bc45400d1b04033a565"),
    ]

    @Test("a good session key has a memory and a file of its own, inside the data directory", arguments: Server.Kind.allCases, goodKeys)
    func good(kind: Server.Kind, key: (text: String, name: String)) async throws {
        let server = try Server.shared(kind)
        let question = "Where is my hat number \(UUID())?"
        #expect(try await server.chat(question, session: key.text).status == 200)
        let answer = try await server.chat("What did I just ask you?", session: key.text).answer
        #expect(answer.contains(question))
        let session = try server.session(key.name)
        #expect(session["key"] == .string(key.text))
        #expect(session["turns"]?.elements.count == 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory)
        let others = names.filter { !$0.hasPrefix("locks-") && $0 != "metrics" }
        #expect(others.sorted() == ["quarantine", "sessions"])
    }

    @Test(
        "session keys that look alike have separate memories", arguments: Server.Kind.allCases,
        [("x:y", "x_y"), ("Case", "case"), ("é", "e\u{301}")])
    func apart(kind: Server.Kind, keys: (String, String)) async throws {
        let server = try Server.shared(kind)
        #expect(try await server.chat("Is the first one red?", session: keys.0).status == 200)
        #expect(!(try await server.chat("What did I just ask you?", session: keys.1).answer.contains("red")))
    }

    @Test("white space around a session key does not make another session", arguments: Server.Kind.allCases)
    func trimmed(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        #expect(try await RawClient.chat(sessionKey: Array("   trimmed  ".utf8), port: server.port).status == 200)
        #expect(try await server.chat("Hello", session: "trimmed").status == 200)
        #expect(try server.session("trimmed")["turns"]?.elements.count == 2)
    }

    struct Bad: CustomTestStringConvertible {
        var testDescription: String
        var key: [UInt8]
    }

    // Those that lighttpd hands on: it answers control characters itself and drops empty headers.
    static let badEverywhere = [
        Bad(testDescription: "513 bytes", key: Array((long + "k").utf8)),
        Bad(testDescription: "5,000 bytes", key: Array(String(repeating: "k", count: 5_000).utf8)),
        Bad(testDescription: "not UTF-8", key: [0x61, 0xff, 0xfe, 0x62]), Bad(testDescription: "half a character", key: [0xe5, 0xbc]),
        Bad(testDescription: "a C1 control character", key: [0x61, 0xc2, 0x85, 0x62]),
        Bad(testDescription: "a wide blank", key: Array("\u{3000}".utf8)),
        Bad(testDescription: "a wide blank in front", key: Array("\u{3000}a".utf8)),
        Bad(testDescription: "a no-break space at the end", key: Array("a\u{a0}".utf8)),
    ]
    static let badForNginx = [
        Bad(testDescription: "empty", key: []), Bad(testDescription: "blank", key: Array("   ".utf8)),
        Bad(testDescription: "tab", key: Array("a\tb".utf8)), Bad(testDescription: "a tab in front", key: Array("\ta".utf8)),
        Bad(testDescription: "twice", key: Array("a\r\nx-session-key: b".utf8)), Bad(testDescription: "U+0001", key: [0x61, 1, 0x62]),
        Bad(testDescription: "escape", key: [0x1b, 0x5b, 0x41]), Bad(testDescription: "delete", key: [0x61, 0x7f, 0x62]),
    ]

    @Test("a bad session key is refused, and the next good one is answered", arguments: Server.Kind.allCases, badEverywhere)
    func bad(kind: Server.Kind, bad: Bad) async throws {
        try await expectRefused(bad, Server.shared(kind))
    }

    @Test("a bad session key that only nginx passes on is refused", arguments: badForNginx)
    func badBehindNginx(bad: Bad) async throws {
        try await expectRefused(bad, Server.shared(.nginx))
    }

    private func expectRefused(_ bad: Bad, _ server: Server) async throws {
        expectError(try await RawClient.chat(sessionKey: bad.key, port: server.port), 400, "invalid_session_key")
        #expect(try await server.chat("Hello", session: "after a bad key").status == 200)
    }
}
