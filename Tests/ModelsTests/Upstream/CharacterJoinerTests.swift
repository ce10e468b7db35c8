import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Characters that a stream cuts")
struct CharacterJoinerTests {
    /// The chunks and those of the end, without halves.
    private func joined(_ chunks: [String]) throws -> [String] {
        var joiner = CharacterJoiner()
        let values = try chunks.map { joiner.join(try JSONField(parsing: Array($0.utf8), leniency: .chunks).value) } + joiner.end()
        return values.map { String(decoding: $0.serialized, as: UTF8.self) }
    }

    @Test(
        "two halves are joined if they are the same member, and others are U+FFFD",
        arguments: [
            ([#"{"a":"x\ud83d"}"#, #"{"a":"\ude00y"}"#], [#"{"a":"x"}"#, #"{"a":"😀y"}"#]),
            (
                [#"{"a":"\ud83d","b":"\ud83d"}"#, #"{"b":"\ude01"}"#, #"{"a":"\ude00"}"#],
                [#"{"a":"","b":""}"#, #"{"b":"😁"}"#, #"{"a":"😀"}"#]
            ),
            (
                [#"{"a":"\ud83d"}"#, #"{"a":""}"#, #"{"b":1}"#, #"{"a":"\ude00"}"#],
                [#"{"a":""}"#, #"{"a":""}"#, #"{"b":1}"#, #"{"a":"😀"}"#]
            ),
            ([#"{"a":"\ud83d"}"#, #"{"a":"\ude00\ud83d"}"#, #"{"a":"\ude01"}"#], [#"{"a":""}"#, #"{"a":"😀"}"#, #"{"a":"😁"}"#]),
            ([#"{"a":"\ud83d"}"#, #"{"a":"x"}"#], [#"{"a":""}"#, "{\"a\":\"\u{fffd}x\"}"]),
            ([#"{"a":"\ud83d"}"#, #"{"b":"\ude00"}"#], [#"{"a":""}"#, "{\"b\":\"\u{fffd}\"}", "{\"a\":\"\u{fffd}\"}"]),
            (
                [#"{"c":[{"index":1,"f":{"a":"\ud83d"}}]}"#, #"{"c":[{"index":1,"f":{"a":"\ude00"}}]}"#],
                [#"{"c":[{"index":1,"f":{"a":""}}]}"#, #"{"c":[{"index":1,"f":{"a":"😀"}}]}"#]
            ),
            (
                [#"{"c":[{"index":1,"a":"\ud83d"}]}"#, #"{"c":[{"index":2,"a":"\ude00"}]}"#],
                [
                    #"{"c":[{"index":1,"a":""}]}"#, "{\"c\":[{\"index\":2,\"a\":\"\u{fffd}\"}]}",
                    "{\"c\":[{\"index\":1,\"a\":\"\u{fffd}\"}]}",
                ]
            ),
            // Nothing tells which element of the next chunk would go on with this one.
            ([#"{"c":[{"a":"\ud83d"},"\ude00"]}"#], ["{\"c\":[{\"a\":\"\u{fffd}\"},\"\u{fffd}\"]}"]),
            ([#"{"a":"😀","b":[1,null,true]}"#], [#"{"a":"😀","b":[1,null,true]}"#]),
        ])
    func joined(chunks: [String], expected: [String]) throws {
        #expect(try joined(chunks) == expected)
    }

    @Test("any number of halves, at any depth, is read in linear time")
    func growth() {
        for template in [##"{"a#":"\ud83d"}"##, ##"{"b":{"a#":"\ud83d"}}"##, ##"{"c":[{"index":#,"a":"\ud83d"}]}"##] {
            let growth = TestSupport.growth(from: 5000) { count in
                var joiner = CharacterJoiner()
                for number in 0..<count {
                    let text = template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\(number)")
                    guard let value = try? JSONField(parsing: Array(text.utf8), leniency: .chunks).value else { continue }
                    _ = joiner.join(value)
                }
                _ = joiner.end()
            }
            #expect(growth < linearGrowth)
        }
    }
}
