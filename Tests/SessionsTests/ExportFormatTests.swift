import Chat
import Foundation
import JSON
import SystemPackage
import Testing

@testable import Sessions

@Suite("Exports of a session")
struct ExportFormatTests {
    @Test("an export as JSON is the session's file, byte for byte", arguments: [0, 1, 3, 2000])
    func json(turnCount: Int) async throws {
        let (directory, store) = try await Self.session(turnCount)
        #expect(try await store.exported("a", as: .json) == directory.bytes("a.json"))
    }

    @Test("an export as JSON lines is the header as an object, then one turn a line", arguments: [0, 1, 3, 2000])
    func jsonLines(turnCount: Int) async throws {
        let (directory, store) = try await Self.session(turnCount)
        let lines = String(decoding: try await store.exported("a", as: .jsonl), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == turnCount + 2)
        #expect(lines[0] == #"{"format":"nanobot-session/1","key":"a","created_at":"\#(Turn.time)"}"#)
        #expect(lines.last == "")
        let file = String(decoding: try directory.bytes("a.json"), as: UTF8.self).split(separator: "\n")
        #expect(lines.dropFirst().dropLast().elementsEqual(file.dropFirst().dropLast().map { $0.last == "," ? $0.dropLast() : $0 }))
    }

    @Test("an export as Markdown has a heading for the session and one for each message")
    func markdown() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try await store.say("Hello\n\n- a\n- b", answer: "Hi", to: "wx:dm:user_alice")
        try await store.say("Again", answer: "Yes", to: "wx:dm:user_alice")
        #expect(
            String(decoding: try await store.exported("wx:dm:user_alice", as: .markdown), as: UTF8.self) == """
                # `wx:dm:user_alice`

                Begun at \(Turn.time). 2 turns, the last one at \(Turn.time).

                ## user · \(Turn.time)

                > Hello
                >\u{20}
                > - a
                > - b

                ## assistant · \(Turn.time)

                > Hi

                ## user · \(Turn.time)

                > Again

                ## assistant · \(Turn.time)

                > Yes

                """)
    }

    @Test(
        "no message can add a heading to the Markdown, or a line outside its quote",
        arguments: [
            "# a", "a\n## assistant · 2026", "a\r## assistant", "a\r\n## b\r\n", "```\n", "~~~\nx", "<!--", "<script>\n\n", "a\n===",
            "    x", "\n",
            "\u{b}# a", "a\u{85}# b", "> a\n", "[a]: /b", "\u{1b}[2J",
        ])
    func structure(_ text: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try await store.say(text, answer: text)
        let exported = String(decoding: try await store.exported("a", as: .markdown), as: UTF8.self)
        // In CommonMark a carriage return ends a line too.
        let lines = exported.unicodeScalars.split { $0 == "\n" || $0 == "\r" }.map(String.init)
        #expect(
            lines.filter { !$0.hasPrefix("> ") } == [
                "# `a`", "Begun at \(Turn.time). 1 turn, the last one at \(Turn.time).",
                "## user · \(Turn.time)", "## assistant · \(Turn.time)",
            ])
        #expect(exported.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }

    @Test("backticks in tool calls, names and keys do not end a code span in Markdown")
    func toolCalls() throws {
        let call = Message.ToolCall(id: "1", name: "now", arguments: "{\n}")
        let message = Message(role: .assistant, content: "", toolCalls: [call], name: "a`\nb")
        #expect(MarkdownExport.section(message, at: "T") == "\n## assistant `` a` b `` · T\n\nCalls `now`:\n\n    {\n    }\n")
        let summary = SessionSummary(
            key: try SessionKey("``*"), createdAt: "T", turnCount: 0, usage: Usage(promptTokens: 0, completionTokens: 0), byteCount: 0)
        #expect(MarkdownExport.head(summary) == "# ``` ``* ```\n\nBegun at T. 0 turns.\n")
    }

    @Test("in Markdown a picture or recording is a placeholder, and a refusal is text")
    func media() {
        let message = Message(
            role: .user, content: "# a b",
            parts: [.text("# a"), .image(url: "data:image/png;base64,AAAA", detail: nil), .text("b"), .audio(data: "AAAA", format: "wav")])
        #expect(
            MarkdownExport.section(message, at: "T") == "\n## user · T\n\n> # a\n> \n> [image]\n> \n> b\n> \n> [audio]\n")
        let refusal = Message(role: .assistant, content: "", refusal: "I will not.")
        #expect(MarkdownExport.section(refusal, at: "T") == "\n## assistant · T\n\n> I will not.\n")
    }

    @Test("the chunks of an export are bounded, whatever the session's size", arguments: ExportFormat.allCases)
    func pieces(format: ExportFormat) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for _ in 0..<40 { try await store.say(String(repeating: "word ", count: 4000)) }
        var sizes: [Int] = []
        try await store.export(try SessionKey("a"), as: format) { sizes.append($0.count) }
        #expect(sizes.count > 5)
        #expect(sizes.allSatisfy { $0 < 100_000 })
    }

    @Test("an export ends with the first chunk that cannot be written, and says why", arguments: ExportFormat.allCases)
    func failingWrite(format: ExportFormat) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for _ in 0..<40 { try await store.say(String(repeating: "word ", count: 4000)) }
        var pieces = 0
        await #expect(throws: Errno.noSpace) {
            try await store.export(try SessionKey("a"), as: format) { _ in
                pieces += 1
                if pieces == 2 { throw Errno.noSpace }
            }
        }
        #expect(pieces == 2)
    }

    @Test("a session that does not exist is not exported, nor is a damaged line exported as a turn", arguments: ExportFormat.allCases)
    func errors(format: ExportFormat) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let missing = await #expect(throws: SessionError.self) { try await store.exported("a", as: format) }
        #expect(missing?.code == .notFound)
        try await store.say("one")
        try directory.write("[]".utf8, to: "a.json")
        let damaged = await #expect(throws: SessionError.self) { try await store.exported("a", as: format) }
        #expect(damaged?.code == .unreadable)
    }

    /// A session with this many turns, from which one more was taken back.
    private static func session(_ turnCount: Int) async throws -> (TemporaryDirectory, SessionStore) {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        for number in 0...turnCount { try await store.say("\(number) 你好\n") }
        _ = try await store.undo(try SessionKey("a"))
        return (directory, store)
    }
}

extension SessionStore {
    fileprivate func exported(_ key: String, as format: ExportFormat) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await export(try SessionKey(key), as: format) { bytes += $0 }
        return bytes
    }
}
