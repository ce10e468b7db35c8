import Foundation
import Testing

@Suite("Bad bodies through a web server", .sharedServers)
struct BadBodyTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var body: [UInt8]
        var code: String
        var param: String?

        init(_ body: String, _ code: String, param: String? = nil) {
            (testDescription, self.body, self.code, self.param) = (body, Array(body.utf8), code, param)
        }

        init(_ name: String, bytes: [UInt8], _ code: String) {
            (testDescription, body, self.code) = (name, bytes, code)
        }
    }

    /// A good body with one more member, or one user message with this content.
    private static func with(_ member: String) -> String { #"{\#(member),"messages":[{"role":"user","content":"x"}]}"# }
    private static func content(_ json: String) -> String { #"{"messages":[{"role":"user","content":\#(json)}]}"# }
    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    static let cases = [
        Case("", "invalid_json"), Case("not JSON", "invalid_json"), Case("[1]", "invalid_json"), Case("null", "invalid_json"),
        Case(#""x""#, "invalid_json"), Case(#"{"messages":"#, "invalid_json"), Case(content(#""x""#) + " and more", "invalid_json"),
        Case(content(#""x""#) + content(#""x""#), "invalid_json"), Case(content(#""a\ud800b""#), "invalid_json"),
        Case(content(#""a\udc00\ud800b""#), "invalid_json"), Case(content("\"a\nb\""), "invalid_json"),
        Case(
            "invalid UTF-8", bytes: Array(#"{"messages":[{"role":"user","content":""#.utf8) + [0xff, 0xfe] + Array(#""}]}"#.utf8),
            "invalid_json"),
        Case("a NUL byte", bytes: Array(content(#""x""#).utf8) + [0], "invalid_json"),
        Case("nested 10,000 deep", bytes: Array(nested(10_000).utf8), "invalid_json"),
        Case("10,000 deep in content", bytes: Array(content(nested(10_000)).utf8), "invalid_json"),
        Case("10,000 deep elsewhere", bytes: Array(with(#""metadata":"# + nested(10_000)).utf8), "invalid_json"),

        Case("{}", "invalid_messages", param: "messages"), Case(#"{"messages":[]}"#, "invalid_messages", param: "messages"),
        Case(#"{"messages":{}}"#, "invalid_messages", param: "messages"),
        Case(#"{"messages":null}"#, "invalid_messages", param: "messages"),
        Case(#"{"messages":["x"]}"#, "invalid_messages", param: "messages[0]"),
        Case(#"{"messages":[{}]}"#, "invalid_messages", param: "messages[0].role"),
        Case(#"{"messages":[{"role":"user"}]}"#, "invalid_messages", param: "messages[0].content"),
        Case(content("5"), "invalid_messages", param: "messages[0].content"),
        Case(content("null"), "invalid_messages", param: "messages[0].content"),
        Case(content("[]"), "invalid_messages", param: "messages[0].content"),
        Case(content("{}"), "invalid_messages", param: "messages[0].content"),
        Case(content(#"["x"]"#), "invalid_messages", param: "messages[0].content[0]"),
        Case(#"{"messages":[{"role":"user","content":"x"},"y"]}"#, "invalid_messages", param: "messages[1]"),
        Case(#"{"messages":[{"role":"boss","content":"x"}]}"#, "invalid_messages", param: "messages[0].role"),
        Case(#"{"messages":[{"role":"system","content":"x"}]}"#, "invalid_messages", param: "messages"),

        Case(with(#""stream":true"#), "stream_unsupported", param: "stream"),
        Case(with(#""stream":"no""#), "invalid_value", param: "stream"),
        Case(with(#""model":5"#), "invalid_value", param: "model"), Case(with(#""n":2"#), "unsupported_value", param: "n"),
        Case(with(#""n":0"#), "invalid_value", param: "n"), Case(with(#""temperature":9"#), "invalid_value", param: "temperature"),
        Case(with(#""temperature":"hot""#), "invalid_value", param: "temperature"),
    ]

    @Test("a bad body is refused, stores nothing, and the next good request is answered", arguments: Server.Kind.allCases, cases)
    func refused(kind: Server.Kind, bad: Case) async throws {
        let server = try Server.shared(kind)
        let session = "bad-\(UUID())"
        expectError(try await server.post(bad.body, session: session), 400, bad.code, param: bad.param)
        try await expectFirstTurn(server, session)
    }

    @Test("a body of 2 MB is refused as too large", arguments: Server.Kind.allCases, [[], ["Expect:"], ["Transfer-Encoding: chunked"]])
    func tooLarge(kind: Server.Kind, headers: [String]) async throws {
        let server = try Server.shared(kind)
        let session = "large-\(UUID())"
        let body = Server.body(String(repeating: "x", count: 2_000_000))
        let response = try await server.send("POST", Server.chatPath, headers: headers + ["x-session-key: \(session)"], body: body)
        expectError(response, 413, "request_too_large")
        expectError(try await server.send("POST", Server.chatPath, headers: headers, body: body), 400, "missing_session_key")
        try await expectFirstTurn(server, session)
    }

    @Test("a body of the largest size allowed is answered", arguments: Server.Kind.allCases)
    func largest(kind: Server.Kind) async throws {
        let length = (1 << 20) - Server.body("").count
        let response = try await Server.shared(kind).chat(String(repeating: "x", count: length), session: "largest")
        #expect(response.status == 200)
    }

    @Test("a body that is cut off is not stored as a turn", arguments: Server.Kind.allCases)
    func cutOff(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        let session = "cut-\(UUID())"
        let body = Server.body("Hello")
        let head = "POST \(Server.chatPath) HTTP/1.1\r\nHost: x\r\nx-session-key: \(session)\r\nContent-Length: \(body.count)\r\n\r\n"
        let answer = try await RawClient.exchange(Array(head.utf8) + body.dropLast(3), port: server.port, thenCloses: true)
        #expect(try answer.isEmpty || HTTPResponse(answer).status == 400)
        try await expectFirstTurn(server, session)
    }

    @Test("an escaped NUL is stored like any other character", arguments: Server.Kind.allCases)
    func escapedNUL(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        #expect(try await server.chat(#"a\u0000b"#, session: "nul").status == 200)
        #expect(try server.session("nul")["turns"][0]["messages"][0]["content"] == .string("a\0b"))
    }

    @Test("a missing session key is reported before any error in the body", arguments: Server.Kind.allCases)
    func order(kind: Server.Kind) async throws {
        for body in ["", "not JSON", "{}", Self.with(#""stream":true"#)] {
            expectError(try await Server.shared(kind).post(body.utf8, session: nil), 400, "missing_session_key")
        }
    }

    /// The session's first stored turn is the one that is made now.
    private func expectFirstTurn(_ server: Server, _ session: String) async throws {
        #expect(try await server.chat("Hello", session: session).status == 200)
        #expect(try server.session(session)["turns"]?.elements.count == 1)
    }
}
