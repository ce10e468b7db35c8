import JSON
import Testing

@Suite("Text that is not quite JSON")
struct JSONLeniencyTests {
    private func read(_ text: [UInt8], _ leniency: JSONLeniency) -> String? {
        (try? JSONField(parsing: text, leniency: leniency).value).map { String(decoding: $0.serialized, as: UTF8.self) }
    }

    private static let cases: [(text: [UInt8], strict: String?, cut: String?, any: String?)] = [
        (Array(#"{"a":"\ud83d\ude00"}"#.utf8), #"{"a":"😀"}"#, #"{"a":"😀"}"#, #"{"a":"😀"}"#),
        (Array(#""a\ud83d""#.utf8), nil, "\"a\u{fffd}\"", "\"a\u{fffd}\""),
        (Array(#""\ude00b""#.utf8), nil, "\"\u{fffd}b\"", "\"\u{fffd}b\""),
        (Array(#""\ud83dx\ud83d\u0041\ude00""#.utf8), nil, "\"\u{fffd}x\u{fffd}A\u{fffd}\"", "\"\u{fffd}x\u{fffd}A\u{fffd}\""),
        (Array(#""\ud83d\ud83d\ude00""#.utf8), nil, "\"\u{fffd}😀\"", "\"\u{fffd}😀\""),
        (Array(#"{"\ud800":1}"#.utf8), nil, "{\"\u{fffd}\":1}", "{\"\u{fffd}\":1}"),
        (Array("\"a\nb\tc\u{0}\"".utf8), nil, nil, #""a\nb\tc\u0000""#),
        ([0x22, 0x61, 0xff, 0x22], nil, nil, "\"a\u{fffd}\""), ([0x22, 0xe2, 0x82, 0x22], nil, nil, "\"\u{fffd}\""),
        ([0xef, 0xbb, 0xbf] + Array("[1]".utf8), "[1]", "[1]", "[1]"),
        (Array(#""\x""#.utf8), nil, nil, nil), (Array(#""\ud8""#.utf8), nil, nil, nil), (Array("[1,]".utf8), nil, nil, nil),
        ([0xff], nil, nil, nil),
        (Array("\"a".utf8), nil, nil, nil),
    ]

    @Test("each degree of leniency reads what it says, and strictness is the default", arguments: cases.indices)
    func degrees(index: Int) throws {
        let (text, strict, cut, any) = Self.cases[index]
        #expect(read(text, .strict) == strict)
        #expect((try? JSONField(parsing: text).value).map { String(decoding: $0.serialized, as: UTF8.self) } == strict)
        #expect(read(text, .cutCharacters) == cut)
        #expect(read(text, .anyText) == any)
        let chunk = try? JSONField(parsing: text, leniency: .chunks).value
        #expect((chunk?.withoutCutText.serialized).map { String(decoding: $0, as: UTF8.self) } == any)
    }

    @Test(
        "of a chunk, the halves of characters at both ends can be had",
        arguments: [
            (#""world \ud83d""#, nil, "world ", 0xd83d), (#""\ude00 bye""#, 0xde00, " bye", nil), (#""\ude00\ud83d""#, 0xde00, "", 0xd83d),
            (#""\ud83d""#, nil, "", 0xd83d), (#""\ude00\ude00""#, 0xde00, "\u{fffd}", nil),
        ] as [(String, UInt16?, String, UInt16?)])
    func halves(text: String, trail: UInt16?, inside: String, lead: UInt16?) throws {
        let cut = try #require(try JSONField(parsing: Array(text.utf8), leniency: .chunks).value.cutText)
        #expect(cut.trail == trail && cut.inside == inside && cut.lead == lead)
    }

    @Test("a whole text is a string, and no text is cut for others")
    func whole() throws {
        #expect(try JSONField(parsing: Array(#""a\ud83d\ude00\ud83dx""#.utf8), leniency: .chunks).string() == "a😀\u{fffd}x")
        #expect(try JSONField(parsing: Array(#""a\ud83d""#.utf8), leniency: .anyText).value.cutText == nil)
        #expect(try JSONField(parsing: Array("1".utf8), leniency: .chunks).value.cutText == nil)
    }
}
