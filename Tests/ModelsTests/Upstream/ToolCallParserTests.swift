import Chat
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Tool calls as upstreams write them")
struct ToolCallParserTests {
    /// The calls of a stream whose chunks have these lists of calls, or of a whole answer with one. What is streamed is the same.
    private func calls(_ lists: [String], isWhole: Bool = false) throws -> [Message.ToolCall] {
        let response =
            isWhole
            ? #"{"choices":[{"message":{"content":null,"tool_calls":\#(lists[0])},"finish_reason":"tool_calls"}]}"#
            : lists.map { Fixture.event(#"{"tool_calls":\#($0)}"#) }.joined() + Fixture.event("{}", finish: #""length""#)
        let (completion, deltas) = try CompletionParser.read(response)
        var streamed: [Message.ToolCall] = []
        for chunk in deltas.flatMap(\.toolCalls) {
            if chunk.index == streamed.count {
                let (id, name) = (try #require(chunk.id), try #require(chunk.name))
                streamed.append(Message.ToolCall(id: id, name: name, arguments: chunk.arguments))
            } else {
                #expect(chunk.id == nil)
                try #require(streamed.indices.contains(chunk.index))
                streamed[chunk.index].name += chunk.name ?? ""
                streamed[chunk.index].arguments += chunk.arguments
            }
        }
        #expect(streamed == completion.toolCalls)
        #expect(Set(streamed.map(\.id)).count == streamed.count && !streamed.contains { $0.id.isEmpty })
        return completion.toolCalls
    }

    private func words(_ calls: [Message.ToolCall]) -> [String] { calls.map { $0.name + $0.arguments } }

    /// A call: WHOLE stands for arguments, and FIRST and SECOND for their halves.
    private static func call(_ text: String) -> String {
        text.replacing("WHOLE", with: #""{\"x\":1}""#).replacing("FIRST", with: #""{\"x\"""#).replacing("SECOND", with: #"":1}""#)
    }

    private struct Case: CustomTestStringConvertible {
        var testDescription: String
        var lists: [String]
        var words: [String]

        init(_ name: String, _ lists: [String], _ words: [String]) {
            (testDescription, self.lists, self.words) = (name, lists.map(call), words)
        }
    }

    private static let cases: [Case] = [
        Case("empty arguments", [#"[{"index":0,"function":{"name":"f","arguments":""}}]"#], ["f{}"]),
        Case("arguments of null", [#"[{"index":0,"function":{"name":"f","arguments":null}}]"#], ["f{}"]),
        Case("no arguments", [#"[{"index":0,"function":{"name":"f"}}]"#], ["f{}"]),
        Case("arguments as an object", [#"[{"index":0,"function":{"name":"f","arguments":{"x":1}}}]"#], [#"f{"x":1}"#]),
        Case(
            "an empty object before the text",
            [#"[{"index":0,"function":{"name":"f","arguments":{}}}]"#, #"[{"index":0,"function":{"arguments":WHOLE}}]"#], [#"f{"x":1}"#]),
        Case("arguments that were cut", [#"[{"index":0,"function":{"name":"f","arguments":FIRST}}]"#], [#"f{"x""#]),
        Case("no name", [#"[{"index":0,"function":{"arguments":WHOLE}}]"#], []),
        Case(
            "no name beside one with a name",
            [#"[{"index":0,"function":{"arguments":WHOLE}},{"index":1,"function":{"name":"g","arguments":WHOLE}}]"#], [#"g{"x":1}"#]),
        Case(
            "a name in a later piece",
            [#"[{"index":0,"id":"a","function":{"arguments":FIRST}}]"#, #"[{"index":0,"function":{"name":"f","arguments":SECOND}}]"#],
            [#"f{"x":1}"#]),
        Case(
            "a name in two pieces",
            [
                #"[{"index":0,"id":"a","function":{"name":"get_"}}]"#, #"[{"index":0,"function":{"name":"time"}}]"#,
                #"[{"index":0,"function":{"arguments":WHOLE}}]"#,
            ], [#"get_time{"x":1}"#]),
        Case(
            "name and id repeated",
            ["FIRST", "SECOND"].map { #"[{"index":0,"id":"a","function":{"name":"f","arguments":\#($0)}}]"# }, [#"f{"x":1}"#]),
        Case(
            "an id that changes",
            [
                #"[{"index":0,"id":"a","function":{"name":"f","arguments":FIRST}}]"#,
                #"[{"index":0,"id":"b","function":{"arguments":SECOND}}]"#,
            ],
            [#"f{"x":1}"#]),
        Case(
            "all indices 0, ids of null",
            ["f", "g"].map { #"[{"index":0,"id":null,"function":{"name":"\#($0)","arguments":WHOLE}}]"# }, [#"f{"x":1}"#, #"g{"x":1}"#]),
        Case(
            "all indices 0 in one chunk", [#"[{"index":0,"function":{"name":"f"}},{"index":0,"function":{"name":"f"}}]"#], ["f{}", "f{}"]),
        Case(
            "one id, other indices", ["0", "1"].map { #"[{"index":\#($0),"id":"a","function":{"name":"f","arguments":WHOLE}}]"# },
            [#"f{"x":1}"#, #"f{"x":1}"#]),
        Case(
            "one id and no index", ["f", "g"].map { #"[{"id":"a","function":{"name":"\#($0)","arguments":WHOLE}}]"# },
            [#"f{"x":1}"#, #"g{"x":1}"#]),
        Case(
            "calls whose pieces alternate",
            [
                #"[{"index":0,"id":"a","function":{"name":"f"}}]"#, #"[{"index":1,"id":"b","function":{"name":"g","arguments":FIRST}}]"#,
                #"[{"index":0,"function":{"arguments":WHOLE}},{"index":1,"function":{"arguments":SECOND}}]"#,
            ], [#"f{"x":1}"#, #"g{"x":1}"#]),
        Case(
            "no index, and pieces by id",
            [
                #"[{"id":"a","function":{"name":"f","arguments":FIRST}},{"id":"b","function":{"name":"g","arguments":FIRST}}]"#,
                #"[{"id":"a","function":{"arguments":SECOND}},{"id":"b","function":{"arguments":SECOND}}]"#,
            ], [#"f{"x":1}"#, #"g{"x":1}"#]),
        Case(
            "no index and no id", [#"[{"function":{"name":"f","arguments":FIRST}}]"#, #"[{"function":{"arguments":SECOND}}]"#],
            [#"f{"x":1}"#]),
    ]

    @Test("calls are told apart by their index, then by their order, and each has an id of its own", arguments: cases)
    private func streamed(_ test: Case) throws {
        #expect(words(try calls(test.lists)) == test.words)
    }

    @Test("in a whole answer each element is a call")
    func wholeAnswer() throws {
        let list =
            #"[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"a","function":{"name":"f","arguments":WHOLE}},"#
            + #"{"id":"b","function":{}},{"index":0,"function":{"name":"g","arguments":{"x":1}}}]"#
        let found = try calls([Self.call(list)], isWhole: true)
        #expect(words(found) == ["f{}", #"f{"x":1}"#, #"g{"x":1}"#])
        #expect(found[0].id == "a")
    }

    @Test("a stream whose only call has no name calls nothing, and stops")
    func nothingCalled() throws {
        let stream = Fixture.event(#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#, finish: #""tool_calls""#)
        let (completion, deltas) = try CompletionParser.read(stream)
        #expect(completion.toolCalls.isEmpty && completion.finishReason == "stop" && deltas.isEmpty)
    }
}
