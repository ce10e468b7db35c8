import Foundation
import JSON
import TestSupport
import Testing

@Suite("The writer of JSON text")
struct JSONValueTests {
    private static func written(_ value: JSONValue) -> String { String(decoding: value.serialized, as: UTF8.self) }

    @Test(
        "strings escape quotation marks, backslashes and control characters, and nothing else",
        arguments: [
            ("", #""""#), ("a", #""a""#), ("\"", #""\"""#), ("\\", #""\\""#), ("a\"b\\c", #""a\"b\\c""#), ("\"\\\"", #""\"\\\"""#),
            ("\n", #""\n""#), ("\r\n", #""\r\n""#), ("\t", #""\t""#), ("\u{0}", #""\u0000""#), ("\u{8}\u{c}", #""\u0008\u000c""#),
            ("\u{1b}[0m", #""\u001b[0m""#), ("\u{1f}", #""\u001f""#), ("\u{7f}", "\"\u{7f}\""), ("\u{85}", "\"\u{85}\""), ("/", #""/""#),
            ("微信 é e\u{301} 😀", "\"微信 é e\u{301} 😀\""), ("\u{2028}\u{feff}\u{fffd}", "\"\u{2028}\u{feff}\u{fffd}\""),
            ("</script>", #""</script>""#),
        ])
    func strings(text: String, expected: String) {
        // By bytes: strings that are canonically equivalent would be equal.
        #expect(JSONValue.string(text).serialized == Array(expected.utf8))
        #expect(JSONValue.object([(text, nil)]).serialized == Array("{\(expected):null}".utf8))
    }

    @Test(
        "values are written on one line without white space, members in their order",
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (-1, "-1"), (.integer(.max), "9223372036854775807"),
            (.integer(.min), "-9223372036854775808"), ([], "[]"), ([:], "{}"), ([1, "a", nil, [], [:]], #"[1,"a",null,[],{}]"#),
            (["b": 1, "a": ["d": true, "c": [2]]], #"{"b":1,"a":{"d":true,"c":[2]}}"#),
            (.object([("a", 1), ("a", 2)]), #"{"a":1,"a":2}"#), (.text(Array("1.50e+3".utf8)), "1.50e+3"),
            (["x": .text(Array(#"{"z":1,"y":-0}"#.utf8))], #"{"x":{"z":1,"y":-0}}"#), (.optional("a"), #""a""#), (.optional(nil), "null"),
        ] as [(JSONValue, String)])
    func values(value: JSONValue, expected: String) {
        #expect(Self.written(value) == expected)
    }

    @Test("values are equal if their text is, so the order of members counts")
    func equality() {
        #expect(["a": 1, "b": 2] == (["a": 1, "b": 2] as JSONValue))
        #expect(["a": 1, "b": 2] != (["b": 2, "a": 1] as JSONValue))
        #expect(JSONValue.integer(1) == .text([UInt8(ascii: "1")]))
        #expect(JSONValue.integer(1) != .text(Array("1.0".utf8)))
        #expect(JSONValue.string("é") != .string("e\u{301}"))
    }

    @Test("any text is read back as it was, by this scanner and by Foundation, and is on one line", arguments: TestLength.seeds(20))
    func anyText(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for _ in 0..<100 {
            let scalars = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                let limit: UInt32 = Bool.random(using: &generator) ? 0x7f : 0x10ffff
                return Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator)) ?? "\\"
            }
            let text = String(String.UnicodeScalarView(scalars))
            let value: JSONValue = [.string(text), .object([(text, .integer(1))])]
            let bytes = value.serialized
            #expect(bytes.allSatisfy { $0 >= 0x20 })
            var scanner = JSONScanner(bytes)
            #expect(try scanner.tree() == value)
            let read = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [Any])
            #expect((read[0] as? String)?.utf8.elementsEqual(text.utf8) == true, "\(bytes)")
        }
    }
}
