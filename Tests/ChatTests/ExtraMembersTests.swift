import Chat
import JSON
import TestSupport
import Testing

@Suite("Members that this program does not know")
struct ExtraMembersTests {
    private func value(_ text: String) throws -> JSONValue { try JSONField(parsing: Array(text.utf8)).value }

    private func extras(_ text: String, besides known: [String] = []) throws -> ExtraMembers {
        ExtraMembers(of: try value(text), besides: known)
    }

    private func written(_ extras: ExtraMembers) -> String { String(decoding: JSONValue.object(extras.members).serialized, as: UTF8.self) }

    @Test(
        "unknown members are kept as they were written, unless they say nothing",
        arguments: [
            (#"{"role":"assistant","a":1.0,"b":[{"c":null}]}"#, #"{"a":1.0,"b":[{"c":null}]}"#),
            (#"{"a":null,"b":"","c":[],"d":{},"e":0,"f":false}"#, #"{"e":0,"f":false}"#), ("[1]", "{}"), ("1", "{}"),
            ("{\"\u{e9}\":1,\"e\u{301}\":2}", "{\"\u{e9}\":1,\"e\u{301}\":2}"),
        ])
    func kept(object: String, expected: String) throws {
        let extras = try extras(object, besides: ["role"])
        #expect(written(extras) == expected)
        #expect(extras.isEmpty == (expected == "{}"))
    }

    @Test(
        "chunks are put together as OpenAI's clients do",
        arguments: [
            ([#"{"a":"x"}"#, #"{"a":"y","b":1}"#, #"{"b":2}"#], #"{"a":"xy","b":2}"#),
            ([#"{"a":{"b":"x","id":"1"}}"#, #"{"a":{"b":"y","id":"1"}}"#], #"{"a":{"b":"xy","id":"1"}}"#),
            ([#"{"a":[1]}"#, #"{"a":[2]}"#], #"{"a":[1,2]}"#),
            (
                [
                    #"{"a":[{"index":0,"t":"x"},{"index":1,"t":"p"}]}"#,
                    #"{"a":[{"index":1,"t":"q"},{"index":0,"t":"y"},{"index":2,"t":"z"}]}"#,
                ],
                #"{"a":[{"index":0,"t":"xy"},{"index":1,"t":"pq"},{"index":2,"t":"z"}]}"#
            ),
            (
                [#"{"a":[{"type":"text","t":"x"}]}"#, #"{"a":[{"type":"text","t":"y"}]}"#],
                #"{"a":[{"type":"text","t":"x"},{"type":"text","t":"y"}]}"#
            ),
            ([#"{"type":"t","id":"i","format":"f"}"#, #"{"type":"t","id":"i","format":"f"}"#], #"{"type":"t","id":"i","format":"f"}"#),
            ([#"{"a":{"b":1}}"#, #"{"a":{"b":null}}"#], #"{"a":{"b":1}}"#), ([#"{"a":"x"}"#, #"{"a":["y"]}"#], #"{"a":["y"]}"#),
        ])
    func merged(chunks: [String], expected: String) throws {
        var all = ExtraMembers()
        for chunk in chunks { all.append(try extras(chunk)) }
        #expect(written(all) == expected)
    }

    @Test("a member is found, changed and removed by its name")
    func access() throws {
        var extras = try extras(#"{"a":1,"b":2}"#)
        extras["a"] = "x"
        extras["b"] = nil
        extras["c"] = "not added"
        #expect(extras["a"] == "x" && extras["b"] == nil && extras["c"] == nil)
        #expect(written(extras) == #"{"a":"x"}"#)
    }

    @Test("no object has more members than a useful one")
    func many() throws {
        let names = (0..<2000).map { #""m\#($0)":1"# }.joined(separator: ",")
        var extras = try extras("{\(names)}")
        #expect(extras.members.count == 256)
        extras.append(ExtraMembers(of: ["other": 1], besides: []))
        #expect(extras.members.count == 256)
    }

    @Test("a text is continued in linear time, and so is an array")
    func growth() throws {
        for chunk in [
            #"{"a":"xxxxxxxxxxxxxxxx"}"#, #"{"a":[{"index":0,"t":"xxxxxxxxxxxxxxxx"}]}"#, #"{"a":[1]}"#, #"{"a":{"b":{"c":"xxxxxxxx"}}}"#,
        ] {
            let addition = try extras(chunk)
            let growth = TestSupport.growth(from: 5000) { count in
                var all = ExtraMembers()
                for _ in 0..<count { all.append(addition) }
            }
            #expect(growth < linearGrowth)
        }
    }

    @Test("large objects within are not put together member by member, and members of OpenAI's API have its types")
    func bounded() {
        #expect(
            TestSupport.growth(from: 2000) { count in
                let large = ExtraMembers(of: ["x": .object((0..<count).map { ("m\($0)", 1) })], besides: [])
                var extras = large
                extras.append(large)
            } < linearGrowth)
        let odd: JSONValue = ["annotations": "a", "audio": "z", "function_call": [1], "prompt_tokens_details": 5, "other": 5]
        #expect(ExtraMembers(of: odd, besides: []).members.map(\.0) == ["other"])
    }
}
