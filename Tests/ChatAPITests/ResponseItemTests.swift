import Chat
import JSON
import Models
import Testing

@testable import ChatAPI
@testable import Sessions

@Suite("Items of the Responses API")
struct ResponseItemTests {
    @Test("calls go out and results come back, by their ids or by references to stored items")
    func tools() async throws {
        let calls = [Message.ToolCall.make("call_1", name: "now", arguments: #"{"zone":"UTC"}"#), .make("call_2")]
        let model = ScriptedModel(completions: [.make(calls: calls, finishReason: "tool_calls"), .make("It is noon."), .make("Later.")])
        let api = try API(model)
        let tools = #""tools":[{"type":"function","name":"now","parameters":{"type":"object"}},{"type":"custom","name":"x"}]"#
        let first = await api.create(#""input":"What time is it?""# + "," + tools)
        #expect(first.outputTypes == ["function_call", "function_call"])
        let offered = await model.prompts[0].parameters.first { $0.name == "tools" }?.value
        #expect(offered == [["type": "function", "function": ["name": "now", "parameters": ["type": "object"]]]])
        let results = ["call_2", "call_1"].map { #"{"type":"function_call_output","call_id":"\#($0)","output":"12"}"# }
        let second = await api.create(
            #""input":[\#(results.joined(separator: ","))],"previous_response_id":"\#(first.id)""#)
        #expect(second.outputText == "It is noon.")
        // The same without state: the calls are references to the items that were stored.
        let references = (first.json.member("output")?.elements ?? []).map { item in
            #"{"type":"item_reference","id":"\#(item.member("id")?.string ?? "")"}"#
        }
        let all = [#"{"role":"user","content":"What time is it?"}"#] + references + results
        let third = await api.create(#""input":[\#(all.joined(separator: ","))]"#)
        #expect(third.outputText == "Later.")
        #expect(await model.prompts.last?.messages.map(\.role) == [.user, .assistant, .tool, .tool])
        for (items, path) in [
            (#"{"type":"function_call_output","call_id":"call_9","output":"x"}"#, "input[0].call_id"),
            (#"{"type":"item_reference","id":"\#(first.id)"}"#, "input[0].id"),
        ] {
            let response = await api.create(#""input":[\#(items)]"#)
            #expect(response.status == (path.hasSuffix("call_id") ? 400 : 404), "\(response.text)")
            #expect(response.text.contains(#""param":"\#(path)""#), "\(response.text)")
        }
    }

    @Test(
        "thoughts, words and calls of one answer are one message, in whichever order they stand",
        arguments: [["r", "m", "c"], ["c", "r", "m"], ["r", "c", "r", "d"], ["m", "c", "d"], ["c", "m", "r"], ["c", "d"]])
    func answers(order: [String]) async throws {
        let model = ScriptedModel()
        let items = [
            "r": #"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]}"#,
            "m": #"{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Wait."}]}"#,
            "c": #"{"type":"function_call","call_id":"c","name":"now","arguments":"{}"}"#,
            "d": #"{"type":"function_call","call_id":"d","name":"now","arguments":"{}"}"#,
        ]
        let results = order.filter { $0 == "c" || $0 == "d" }.map { #"{"type":"function_call_output","call_id":"\#($0)","output":"12"}"# }
        let all = [#"{"role":"user","content":"Hello"}"#] + order.compactMap { items[$0] } + results
        let response = try await API(model).create(#""input":[\#(all.joined(separator: ","))]"#)
        #expect(response.status == 200, "\(response.text)")
        let messages = await model.prompts[0].messages
        #expect(messages.map(\.role) == [.user, .assistant] + results.map { _ in .tool })
        #expect(messages[1].toolCalls.map(\.id) == order.filter { $0 == "c" || $0 == "d" })
        #expect(messages[1].content == (order.contains("m") ? "Wait." : ""))
    }

    @Test("a thousand items of input are one request, and are listed in pages")
    func manyItems() async throws {
        let api = try API()
        let items =
            (0..<1000).map { #"{"role":"\#($0 % 2 == 0 ? "user" : "assistant")","content":"\#($0)"}"# } + [
                #"{"role":"user","content":"end"}"#
            ]
        let response = await api.create(#""input":[\#(items.joined(separator: ","))]"#)
        #expect(response.status == 200)
        var ids: [String] = []
        var after = ""
        while true {
            let page = await api.send(
                "GET", "/v1/responses/\(response.id)/input_items?order=asc&limit=100&after=\(after)", session: nil)
            ids += (page.json.member("data")?.elements ?? []).compactMap { $0.member("id")?.string }
            guard page.json.member("has_more") == true else { break }
            after = page.json.member("last_id")?.string ?? ""
        }
        #expect(ids.count == 1001 && Set(ids).count == 1001 && ids.allSatisfy { $0.utf8.count <= 64 })
    }

    @Test(
        "what cannot be had is refused by name",
        arguments: [
            (#""input":"a","background":true"#, "background"), (#""input":"a","prompt":{"id":"p"}"#, "prompt"),
            (#""input":"a","tools":[{"type":"web_search_preview"}]"#, "tools[0].type"), (#""input":[]"#, "input"), (#""x":1"#, "input"),
            (#""input":[{"type":"mcp_call"}]"#, "input[0].type"), (#""input":"a","max_output_tokens":15"#, "max_output_tokens"),
            (#""input":"a","truncation":"some"#, ""), (#""input":"a","truncation":"some""#, "truncation"),
            (#""input":"a","conversation":"b","previous_response_id":"c""#, "previous_response_id"),
            (#""input":"a","metadata":{"k":1}"#, "metadata.k"), (#""input":"a","text":{"format":{"type":"xml"}}"#, "text.format.type"),
            (#""input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]"#, "input[0].content[0].file_id"),
            (#""input":[{"role":"assistant","content":"a"}]"#, "input"), (#""input":"a","tool_choice":"any""#, "tool_choice"),
        ])
    func refused(members: String, param: String) async throws {
        let model = ScriptedModel()
        let response = try await API(model).create(members)
        #expect(response.status == 400, "\(response.text)")
        if !param.isEmpty { #expect(response.text.contains(#""param":"\#(param)""#), "\(response.text)") }
        #expect(await model.count == 0)
    }

    @Test("what is stored of a request can be read again, however deep it is")
    func depth() async throws {
        let api = try API()
        for depth in [480, 495, 505, 508] {
            let nested = String(repeating: #"{"a":"#, count: depth) + "1" + String(repeating: "}", count: depth)
            let response = await api.create(#""input":"a","tools":[{"type":"function","name":"f","parameters":\#(nested)}]"#)
            #expect(response.status == (depth < 496 ? 200 : 400), "\(depth)")
            guard response.status == 200 else { continue }
            #expect(await api.send("GET", "/v1/responses/\(response.id)", session: nil).text == response.text)
        }
    }

    @Test("each of thousands of calls has an id of its own, and more are refused")
    func manyCalls() async throws {
        let api = try API()
        func create(_ count: Int) async -> Response {
            let calls = (0..<count).map { #"{"type":"function_call","call_id":"\#($0)","name":"f","arguments":"{}"}"# }
            return await api.create(#""input":[\#(calls.joined(separator: ",")),{"role":"user","content":"a"}]"#)
        }
        let response = await create(4096)
        #expect(response.status == 200)
        let page = await api.send("GET", "/v1/responses/\(response.id)/input_items?limit=100", session: nil)
        #expect(Set((page.json.member("data")?.elements ?? []).compactMap { $0.member("id")?.string }).count == 100)
        let address = try #require(TurnAddress(responseID: response.id))
        let ids = Set((0..<4096).map { ItemID(.call, address, message: 1, call: $0).description })
        #expect(ids.count == 4096 && ids.allSatisfy { $0.utf8.count <= 64 })
        #expect(await create(4097).status == 400)
    }

    @Test("calls that a model makes in turns end once, with all of their arguments", arguments: [2, 3000])
    func interleavedCalls(count: Int) throws {
        let calls = (0..<count).map { Message.ToolCall.make("call_\($0)", name: "f", arguments: #"{"a":\#($0)}"#) }
        var turn = Turn(
            id: "turn-" + String(repeating: "a", count: 24), at: "2026-11-23T09:00:00Z",
            messages: [Message(role: .user, content: "Hello"), Message(role: .assistant, content: "", toolCalls: calls)],
            model: "nanobot", finishReason: "tool_calls", usage: .zero, request: Turn.Origin(id: "req_1", bodySHA256: "00"))
        turn.response = ["created_at": 1_795_000_000]
        let object = ResponseObject(turn, in: try SessionKey("a"))
        let stream = ResponseStream()
        var bytes: [UInt8] = []
        for (index, call) in calls.enumerated() {
            bytes += stream.events(
                Delta(toolCalls: [.init(index: index, id: call.id, name: call.name, arguments: #"{"a":"#)]), of: object)
        }
        for index in calls.indices { bytes += stream.events(Delta(toolCalls: [.init(index: index, arguments: "\(index)}")]), of: object) }
        bytes += stream.end(turn, of: object)
        let events = try bytes.split(separator: UInt8(ascii: "\n")).filter { $0.starts(with: #"data: {"#.utf8) }.map {
            try JSONField(parsing: Array($0.dropFirst(6))).value
        }
        #expect(events.map { $0.member("sequence_number")?.wholeNumber } == Array(events.indices))
        let done = events.filter { $0.member("type") == "response.output_item.done" }.compactMap { $0.member("item") }
        #expect(done.compactMap { $0.member("arguments")?.string } == calls.map(\.arguments))
        #expect(Set(done.compactMap { $0.member("id")?.string }).count == count)
    }
}
