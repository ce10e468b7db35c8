import Chat
import HTTPClient
import TestSupport
import Testing

@testable import Models

@Suite("Responses of an upstream that are costly to read")
struct HostileResponseTests {
    private func read(_ text: String, _ api: UpstreamAPI = .chat) {
        var parser = CompletionParser(api)
        var text = text
        text.withUTF8 { bytes in
            for start in stride(from: 0, to: bytes.count, by: 8192) {
                _ = parser.read(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<min(bytes.count, start + 8192)]))
            }
        }
        _ = parser.end()
        _ = try? parser.completion(of: .make(message: "Hi"))
        _ = UpstreamErrorBody(Array(text.utf8))
    }

    @Test(
        "names and texts that are runs of combining marks are read in linear time",
        arguments: [
            ##"data: {"c#":1,"choices":[{"i#":1,"delta":{"content":"a","t#":1}}]}"## + "\n\n",
            ##"data: {"choices":[{"delta":{"tool_calls":[{"id":"a#"},{"id":"b#"},{"index":0,"id":"a#"}]},"finish_reason":"s#"}]}"##
                + "\n\n",
            ##"data: {"choices":[{"delta":{"content":"#"},"logprobs":{"c#":[]}}]}"## + "\n\n",
            ##"{"e#":{"message":"m#"},"error":{"message":"#","p#":1}}"##, ##"[{"error":{"m#":"#"}}]"##, ##"{"detail":{"m#":1}}"##,
        ])
    func marks(template: String) {
        let growth = growth(from: 6000) { size in
            read(template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: mixedMarks(size, after: "")))
        }
        #expect(growth < linearGrowth)
    }

    @Test(
        "names and texts of a response that are runs of combining marks are read in linear time",
        arguments: [
            ##"data: {"type":"response.output_text.delta","d#":1,"delta":"#"}"## + "\n\n"
                + ##"data: {"type":"response.output_item.done","item":{"type":"function_call","call_id":"a#","name":"b#","arguments":"#"}}"##
                + "\n\n" + ##"data: {"type":"r#"}"## + "\n\n",
            ##"{"output":[{"type":"reasoning","summary":[{"text":"#"}],"id":"#","encrypted_content":"#"}],"usage":{"u#":1}}"##,
        ])
    func marksInResponse(template: String) {
        let growth = growth(from: 6000) { size in
            let marks = mixedMarks(size, after: "")
            read(template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: marks), .responses)
        }
        #expect(growth < linearGrowth)
    }

    @Test("the items of a response are read in linear time, one by one and all at once", arguments: [true, false])
    func items(areStreamed: Bool) {
        let growth = growth(from: 300) { count in
            let items = (0..<count).flatMap { number in
                [
                    ResponseFixture.call("c\(number)", "f", "{}"), ResponseFixture.message(ResponseFixture.text("a")),
                    #"{"type":"reasoning","summary":[{"text":"a"}],"encrypted_content":"a"}"#,
                ]
            }
            let end = ResponseFixture.end(items.joined(separator: ","))
            read(areStreamed ? items.map { ResponseFixture.added($0) + ResponseFixture.done($0) }.joined() + end : end, .responses)
        }
        #expect(growth < linearGrowth)
    }

    @Test(
        "tool calls are put together in linear time, with and without an index",
        arguments: [
            ##"{"id":"c#","function":{"name":"f","arguments":"{}"}}"##, ##"{"index":#,"id":"c#","function":{"name":"f"}}"##,
            ##"{"function":{"name":"f"}}"##, ##"{"index":0,"id":"c#","function":{"name":"f"}}"##, ##"{"function":{"arguments":"a"}}"##,
        ])
    func calls(template: String) {
        let growth = growth(from: 5000) { count in
            let calls = (0..<count).map { template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\($0)") }
            read(#"data: {"choices":[{"delta":{"tool_calls":[\#(calls.joined(separator: ","))]}}]}"# + "\n\n")
        }
        #expect(growth < linearGrowth)
    }
}
