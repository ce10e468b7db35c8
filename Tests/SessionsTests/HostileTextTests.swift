import Chat
import JSON
import TestSupport
import Testing

@testable import Sessions

@Suite("Files with long runs of combining marks")
struct HostileTextTests {
    @Test(
        "an import is read in linear time",
        arguments: [
            ##"{"format":"nanobot-session/1","k#":1,"key":"k","created_at":"2026-01-01T00:00:00Z","turns":[]}"##,
            ##"{"format":"n#"}"##, ##"{"format":"nanobot-session/1#"}"##, ##"{"_type":"m#"}"##, ##"{"m#":[]}"##,
            ##"{"messages":[{"role":"u#","content":"a"}]}"##, ##"{"messages":[{"r#":1,"role":"user","content":[{"t#":"a"}]}]}"##,
            ##"{"messages":[{"role":"user","content":[{"type":"t#","text":"a"}]}]}"##,
        ])
    func imports(template: String) {
        let growth = growth(from: 6000) { size in
            let text = template.split(separator: "#", omittingEmptySubsequences: false).joined(separator: mixedMarks(size, after: ""))
            _ = try? ImportedSession(Array(text.utf8), name: "\(mixedMarks(size)).jsonl", key: try? SessionKey("a"))
        }
        #expect(growth < linearGrowth)
    }

    @Test("a turn's line is read in linear time")
    func lines() {
        let growth = growth(from: 6000) { size in
            var turn = Turn.make()
            turn.messages.append(
                Message(role: .tool, content: mixedMarks(size), toolCallID: mixedMarks(size), name: mixedMarks(size)))
            let line = turn.line.dropLast() + Array(",\"\(mixedMarks(size))\":1}".utf8)
            #expect(SessionFile.turn(in: line[...], ValueDecoder()) == turn)
        }
        #expect(growth < linearGrowth)
    }
}
