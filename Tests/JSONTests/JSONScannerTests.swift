import JSON
import Testing

@Suite("The scanner of JSON text")
struct JSONScannerTests {
    private static func text(_ scanner: JSONScanner, _ range: Range<Int>?) -> String? {
        range.map { String(decoding: scanner[$0], as: UTF8.self) }
    }

    @Test(
        "the values of a text are found one after the other",
        arguments: [
            ("1", ["1"]), (" \t\r\n1\n", ["1"]), ("1 2", ["1", "2"]), ("true\nfalse null", ["true", "false", "null"]),
            (#"{"a":1}[2]"3"4"#, [#"{"a":1}"#, "[2]", #""3""#, "4"]), (#"{"a":{"b":[{}]}} {}"#, [#"{"a":{"b":[{}]}}"#, "{}"]),
            (#""]}\"[{,:" [0]"#, [#""]}\"[{,:""#, "[0]"]), (#"["\\"]["]"]"#, [#"["\\"]"#, #"["]"]"#]), ("\"微信 é\" 1", ["\"微信 é\"", "1"]),
            ("", []), (" \n", []),
        ])
    func values(text: String, expected: [String]) throws {
        var scanner = JSONScanner(Array(text.utf8))
        var found: [String] = []
        while scanner.findValue() { found.append(try #require(Self.text(scanner, try scanner.value()))) }
        #expect(found == expected)
        #expect(scanner.position == text.utf8.count)
        try scanner.expectEnd()
    }

    @Test(
        "an object's members have the ranges of their values, and the last value of a name counts",
        arguments: [
            ("{}", [:]), (" { } ", [:]), (#"{"a":1}"#, ["a": "1"]), (#"{ "a" : [1, 2] , "b":"}" }"#, ["a": "[1, 2]", "b": #""}""#]),
            (#"{"a":1,"a":2}"#, ["a": "2"]), (#"{"a":1,"b":2,"\u0061":3}"#, ["a": "3", "b": "2"]), (#"{"":null}"#, ["": "null"]),
            (#"{"\ud83d\ude00\n":1}"#, ["😀\n": "1"]), (#"{"a":{"a":1}}"#, ["a": #"{"a":1}"#]),
        ] as [(String, [String: String])])
    func members(text: String, expected: [String: String]) throws {
        var scanner = JSONScanner(Array(text.utf8))
        let members = try scanner.members()
        #expect(members.count == expected.count)
        for (name, value) in expected { #expect(Self.text(scanner, members[name]) == value) }
        try scanner.expectEnd()
    }

    @Test(
        "an array's elements have their ranges",
        arguments: [
            ("[]", []), ("[ \n]", []), ("[1]", ["1"]), (#"[ 1,"a,b" , [2,[3]],{"c":[]} ]"#, ["1", #""a,b""#, "[2,[3]]", #"{"c":[]}"#]),
        ])
    func elements(text: String, expected: [String]) throws {
        var scanner = JSONScanner(Array(text.utf8))
        let elements = try scanner.elements()
        #expect(elements.compactMap { Self.text(scanner, $0) } == expected)
        try scanner.expectEnd()
    }

    private enum Reading: Sendable {
        case value
        case members
        case elements
        case end
    }

    private static let errorCases: [(Reading, String, String)] = [
        (.value, "", "it ends in the middle of line 1"), (.value, "[1,\n2", "it ends in the middle of line 2"),
        (.value, "\"a", "it ends in the middle of line 1"), (.value, #""\"#, "it ends in the middle of line 1"),
        (.value, "]", "line 1 is not JSON"), (.value, "\n\n}", "line 3 is not JSON"), (.value, "[\n\"a\nb\"]", "line 2 is not JSON"),
        (.value, "\"\u{0}\"", "line 1 is not JSON"), (.value, "\"\t\"", "line 1 is not JSON"),
        (.members, "[]", "line 1 is not JSON"), (.members, "{", "it ends in the middle of line 1"),
        (.members, "{\"a\"}", "line 1 is not JSON"), (.members, "{\"a\":1", "it ends in the middle of line 1"),
        (.members, "{\"a\":1,\n}", "line 2 is not JSON"), (.members, "{1:2}", "line 1 is not JSON"),
        (.members, "{\"a\":1 \"b\":2}", "line 1 is not JSON"), (.members, #"{"\ud800":1}"#, "line 1 is not JSON"),
        (.elements, "{}", "line 1 is not JSON"), (.elements, "[1,\n\n", "it ends in the middle of line 3"),
        (.elements, "[1,]", "line 1 is not JSON"),
        (.elements, "[1\n2]", "line 2 is not JSON"),
        (.end, "\n 1", "line 2 is not JSON"),
    ]

    @Test("an error names the line, and tells an early end from wrong text", arguments: errorCases)
    private func errors(reading: Reading, text: String, description: String) {
        var scanner = JSONScanner(Array(text.utf8))
        let error = #expect(throws: JSONSyntaxError.self) {
            switch reading {
            case .value: _ = try scanner.value()
            case .members: _ = try scanner.members()
            case .elements: _ = try scanner.elements()
            case .end: try scanner.expectEnd()
            }
        }
        #expect(error?.description == description)
    }

    @Test("a value may be nested as deep as it likes, since nothing in it is kept")
    func depth() throws {
        let text = String(repeating: "[", count: 1_000_000) + String(repeating: "]", count: 1_000_000)
        var scanner = JSONScanner(Array(text.utf8))
        #expect(try scanner.value() == 0..<2_000_000)
    }

    @Test("a byte order mark is no part of JSON: whoever expects one begins after it")
    func byteOrderMark() throws {
        let bytes = [0xef, 0xbb, 0xbf] + Array(#"{"a":1}"#.utf8)
        var scanner = JSONScanner(bytes)
        #expect(throws: JSONSyntaxError.self) { try scanner.members() }
        scanner = JSONScanner(bytes)
        #expect(throws: JSONSyntaxError.self) { try scanner.tree() }
        scanner = JSONScanner(bytes, at: 3)
        #expect(try scanner.members()["a"] == 8..<9)
    }

    @Test("a value is decoded as its type, and as nil if it has another one")
    func decoding() throws {
        var scanner = JSONScanner(Array(#"{"text":"a\n","number":12,"large":1e400,"null":null,"list":["x"]}"#.utf8))
        let members = try scanner.members()
        #expect(scanner.decode(String.self, members["text"]) == "a\n")
        #expect(scanner.decode(Int.self, members["number"]) == 12)
        #expect(scanner.decode([String].self, members["list"]) == ["x"])
        #expect(scanner.decode(Int.self, members["text"]) == nil)
        #expect(scanner.decode(Int.self, members["large"]) == nil)
        #expect(scanner.decode(String.self, members["null"]) == nil)
        #expect(scanner.decode(String.self, members["missing"]) == nil)
        // The scanner looks at structure only, so the comma belongs to the element.
        scanner = JSONScanner(Array("[,1]".utf8))
        #expect(scanner.decode(Int.self, try scanner.elements().first) == nil)
    }

    @Test("a scanner that is moved reads the same text elsewhere, and leaves the first one where it was")
    func moving() throws {
        var scanner = JSONScanner(Array("[1] [2]".utf8))
        _ = try scanner.value()
        var moved = scanner.moved(to: 1)
        #expect(Self.text(moved, try moved.value()) == "1")
        #expect(Self.text(scanner, try scanner.value()) == "[2]")
    }
}
