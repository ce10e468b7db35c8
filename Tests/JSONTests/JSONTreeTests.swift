import JSON
import Testing

@Suite("JSON text as a value")
struct JSONTreeTests {
    private func parsed(_ text: String) throws -> JSONValue {
        var scanner = JSONScanner(Array(text.utf8))
        let value = try scanner.tree()
        try scanner.expectEnd()
        return value
    }

    @Test(
        "a value keeps its spelling, but for white space and escapes",
        arguments: [
            ("null", "null"), (" true ", "true"), ("false", "false"), ("0", "0"), ("-0.10e+05", "-0.10e+05"), ("1E400", "1E400"),
            ("123456789012345678901234567890", "123456789012345678901234567890"), ("\"\"", "\"\""), (#""a b\n""#, #""a b\n""#),
            (#""\u00e9\ud83d\ude00\/""#, #""é😀/""#), ("[ ]", "[]"), ("{\r\n}", "{}"), ("[1 ,\t[ ] ]", "[1,[]]"),
            (#"{ "b" : 1 , "a" : { "c" : null } }"#, #"{"b":1,"a":{"c":null}}"#),
            (#"{"a":1,"b":2,"\u0061":3}"#, #"{"a":3,"b":2}"#), (#"{"":1}"#, #"{"":1}"#),
        ])
    func values(text: String, expected: String) throws {
        #expect(String(decoding: try parsed(text).serialized, as: UTF8.self) == expected)
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "nul", "nulll", "True", "+1", "01", "-", "-01", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "1 2", "'a'", "\"",
            "\"a", #""\"#, #""\x""#, #""\u12""#, #""\ud800""#, #""\udc00\ud800""#, "\"a\nb\"", "\"a\u{0}\"", "[", "]", "[1", "[1,]", "[,1]",
            "[1 2]", "[1}", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1"#, #"{a:1}"#, #"{1:2}"#, #"{"a" 1}"#,
            #"{"a"::1}"#,
            #"{"a":1:2}"#, #"{"a":1 "b":2}"#, #"{,}"#, "\u{a0}1", "1/**/", "[1]]",
        ])
    func refused(text: String) {
        #expect(throws: JSONSyntaxError.self) { try parsed(text) }
    }

    @Test("text that ends early is refused, wherever it ends")
    func prefixes() throws {
        let text = #"{"a":[1,true,{"b":"c\\\"\u00e9"}],"d":{}}"#
        _ = try parsed(text)
        for length in 0..<text.utf8.count {
            #expect(throws: JSONSyntaxError.self, "\(length)") { try parsed(String(decoding: text.utf8.prefix(length), as: UTF8.self)) }
        }
    }

    @Test("arrays and objects may be nested 512 deep", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depth(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
        }
        _ = try parsed(nested(512))
        #expect(throws: JSONSyntaxError.self) { try parsed(nested(513)) }
        #expect(throws: JSONSyntaxError.self) { try parsed(nested(100_000)) }
    }

    @Test("names that are canonically equivalent are two names")
    func canonicalEquivalents() throws {
        let text = "{\"\u{e9}\":1,\"e\u{301}\":2}"
        #expect(try parsed(text).serialized == Array(text.utf8))
    }
}
