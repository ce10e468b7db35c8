import Chat
import Sessions
import TestSupport
import Testing

@testable import ChatAPI
@testable import Models

@Suite("Requests with long runs of combining marks")
struct HostileTextTests {
    @Test(
        "the work is proportional to the body",
        arguments: [
            ##"{"#":1,"messages":[{"role":"user","content":"a"}]}"##, ##"{"messages":[{"role":"u#","content":"a"}]}"##,
            ##"{"messages":[{"role":"user","content":[{"type":"t#","text":"a"}]}]}"##,
            ##"{"model":"n#","messages":[{"role":"user","content":"#"}]}"##,
            ##"{"tool_choice":"a#","messages":[{"role":"user","content":"a"}]}"##,
            ##"{"response_format":{"type":"t#"},"messages":[{"role":"user","content":"a"}]}"##,
            ##"{"tools":[{"type":"f#","function":{"name":"#"}}],"messages":[{"role":"user","content":"a"}]}"##,
            ##"{"messages":[{"role":"user","content":"a"},{"role":"tool","tool_call_id":"c#","content":"a"}]}"##,
            ##"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/#"}}]}]}"##,
            ##"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"h#"}}]}]}"##,
            ##"{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"w#"}}]}]}"##,
        ])
    func bodies(template: String) {
        let growth = growth(from: 6000) { size in
            let text = template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: mixedMarks(size, after: ""))
            _ = try? ChatRequest(Array(text.utf8), allowsRemoteImages: true)
        }
        #expect(growth < linearGrowth)
    }

    @Test("results are matched with the calls before them in linear time")
    func results() throws {
        let ratio = growth(from: 2000) { count in
            let ids = (0..<count).map { "call_\($0)" }
            let calls = ids.map { Message.ToolCall(id: $0, name: "f", arguments: "{}") }
            let results = ids.reversed().map { Message(role: .tool, content: "", toolCallID: $0) }
            let prompt = Prompt(
                history: [PastTurn([Message(role: .user, content: "u"), Message(role: .assistant, content: "", toolCalls: calls)])],
                turn: results)
            #expect(prompt.messages.count == count + 2)
        }
        #expect(ratio < linearGrowth)
    }
}
