import JSON
import Testing

@Suite("JSON fields")
struct JSONFieldTests {
    private func field(_ text: String, path: String = "") throws -> JSONField { try JSONField(parsing: Array(text.utf8), path: path) }

    private func error(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
    }

    @Test("a field knows where it stands")
    func paths() throws {
        let body = try field(#"{"messages":[{"content":"a"},{"content":5}],"n":null}"#)
        let messages = try body.required("messages").elements()
        #expect(try messages[0].required("content").string() == "a")
        #expect(error { _ = try messages[1].required("content").string() } == "messages[1].content must be a string")
        #expect(error { _ = try messages[1].required("role") } == "messages[1].role is required")
        #expect(error { _ = try body.elements() } == "must be an array")
        #expect(try body.members().map(\.field.path) == ["messages", "n"])
        #expect(try body.member("n") == nil && body.member("x") == nil)
        #expect(error { _ = try body.required("n") } == "n is required")
        #expect(try field("[1]", path: "models").elements()[0].path == "models[0]")
    }

    @Test("a field's error says what it must be")
    func expectations() throws {
        for (text, message) in [
            (#""a""#, "x must be an object"), ("{}", "x must be a string"), (#""true""#, "x must be a boolean"),
            ("true", "x must be a number"), ("3", "x must be between 0 and 2"), ("1.5", "x must be a whole number"),
            ("99999999999999999999", "x must be a whole number"), ("-1", "x must be between 0 and 10"),
        ] {
            let field = try field(text, path: "x")
            let checks: [() throws -> Void] = [
                { _ = try field.members() }, { _ = try field.string() }, { _ = try field.bool() }, { _ = try field.number(in: 0...2) },
                { _ = try field.integer(in: 0...10) },
            ]
            #expect(checks.map(error).contains(message), "\(text)")
        }
        #expect(try field("true").bool())
        #expect(try field("1.5").number(in: 0...2) == 1.5)
        for text in ["100", "1e2", "100.0"] { #expect(try field(text).integer(in: 0...100) == 100) }
        // Rounded, it would be the least Int.
        #expect(throws: JSONFieldError.self) { try field("-9223372036854775809").integer(in: .min...(.max)) }
        #expect(try field("-9223372036854775808").integer(in: .min...(.max)) == .min)
        #expect(try JSONField(.integer(7), path: "x").integer(in: 0...10) == 7)
        #expect(try JSONField(.integer(7), path: "x").number(in: 0...10) == 7)
    }

    @Test("members whose names only look alike are different")
    func names() throws {
        let body = try field("{\"e\u{301}\":1}")
        #expect(try body.member("\u{e9}") == nil)
        #expect(try body.member("e\u{301}") != nil)
    }

    @Test("a document is UTF-8, whole, with or without a byte order mark")
    func parsing() throws {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        #expect(try JSONField(parsing: mark + "{}".utf8).members().isEmpty)
        for (text, message) in [
            (Array("{} x".utf8), "line 1 is not JSON"), (Array("[1,\n".utf8), "it ends in the middle of line 2"),
            ([], "it ends in the middle of line 1"),
            (Array("[\n\"".utf8) + [0xff, 0x22, 0x5d], "line 2 is not JSON"), (mark + mark + "{}".utf8, "line 1 is not JSON"),
        ] {
            #expect(error { _ = try JSONField(parsing: text) } == message)
        }
    }
}
