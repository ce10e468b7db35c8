import Chat
import Foundation
import JSON
import Testing

@testable import Sessions

@Suite("Summaries of turns that no longer fit")
struct SummaryTests {
    private static let limits = ContextLimits(maxTurns: 4, summarizes: true)
    private let summarizer = Summarizer()

    private func numbers(_ range: Range<Int>) -> [String] { range.map { "\($0)" } }

    /// A session of numbered turns.
    private func session(of count: Int, limits: ContextLimits = limits) async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try directory.store(limits: limits)
        for number in 0..<count { try await store.say("\(number)", by: summarizer) }
        return directory
    }

    private func lines(of directory: TemporaryDirectory) throws -> [String] {
        String(decoding: try directory.bytes("a.json"), as: UTF8.self).split(separator: "\n").dropFirst().dropLast().map(String.init)
    }

    @Test("with summaries a model sees the whole history in order, from the cache and from the file", arguments: [true, false])
    func nothingIsLost(isWarm: Bool) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store(limits: Self.limits)
        for number in 0..<30 {
            let store = isWarm ? store : try directory.store(limits: Self.limits)
            #expect(try await store.say("\(number)", by: summarizer) == numbers(0..<number))
            #expect(try await store.history(of: SessionKey("a")).count <= 6)
        }
        // Not with each turn, because each summary leaves half of the window.
        #expect(summarizer.prompts.map(\.count) == [3, 6, 9, 12, 15, 18, 21, 24, 27])
    }

    @Test("a summary is a line of its own kind, and the file stays a JSON document")
    func line() async throws {
        let directory = try await session(of: 6)
        let lines = try lines(of: directory)
        #expect(lines.count == 7 && lines[5].hasPrefix(#"{"id":"summary-"#))
        #expect(lines[5].contains(#""summary":"0 1 2","covers":"turn-2","model":"nanobot","usage":{"#))
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(try directory.bytes("a.json"))) }
    }

    @Test("turns beyond the limit of tokens are summarized: a turn of \"n\" and \"Hi\" has ten")
    func tokens() async throws {
        let limits = ContextLimits(maxTokens: 40, summarizes: true)
        let directory = try await session(of: 5, limits: limits)
        #expect(summarizer.prompts == [])
        #expect(try await directory.store(limits: limits).say("5", by: summarizer) == numbers(0..<5))
        #expect(summarizer.prompts == [numbers(0..<3)])
    }

    @Test("turns that do not fit one summary are summarized in several")
    func several() async throws {
        let off = ContextLimits(maxTokens: 1000)
        let directory = try await session(of: 12, limits: off)
        let limits = ContextLimits(maxTokens: 60, summarizes: true)
        #expect(try await directory.store(limits: limits).say("12", by: summarizer) == numbers(0..<12))
        #expect(summarizer.prompts == [numbers(0..<6), numbers(0..<9)])
    }

    @Test("turns whose summary fails stay, up to twice the limits, and the next turn tries again", arguments: [true, false])
    func failure(isWarm: Bool) async throws {
        let directory = try await session(of: 9)
        summarizer.fail()
        let store = try directory.store(limits: Self.limits)
        for number in 9..<15 {
            let store = isWarm ? store : try directory.store(limits: Self.limits)
            // Eight turns that wait for a summary, and the summary of those before them.
            #expect(try await store.say("\(number)", by: summarizer) == numbers(0..<min(number, 14)))
        }
        let asked = summarizer.prompts.count
        summarizer.fail(false)
        #expect(try await directory.store(limits: Self.limits).say("15", by: summarizer).suffix(5) == numbers(10..<15)[...])
        #expect(summarizer.prompts.count == asked + 1)
    }

    @Test("a summary that cannot be stored fails the turn")
    func unstored() async throws {
        struct Broken: Error {}
        let directory = try await session(of: 5)
        let before = try directory.bytes("a.json")
        await #expect(throws: Broken.self) {
            try await directory.store(limits: Self.limits).turn(
                of: SessionKey("a"), from: .make(), summarize: { _, _ in throw Broken() }, { _ in .make() })
        }
        #expect(try directory.bytes("a.json") == before)
    }

    @Test("a summary stays when its turn fails")
    func failedTurn() async throws {
        struct Broken: Error {}
        let directory = try await session(of: 5)
        let store = try directory.store(limits: Self.limits)
        await #expect(throws: Broken.self) {
            try await store.turn(
                of: SessionKey("a"), from: .make(), summarize: { summarizer.summary(of: $0, newest: $1) }, { _ in throw Broken() })
        }
        #expect(try lines(of: directory).last?.contains("\"covers\":\"turn-2\"") == true)
        #expect(try await store.say("5", by: summarizer) == numbers(0..<5))
        #expect(summarizer.prompts.count == 1)
    }

    @Test("undo takes turns back one by one, and a summary with the turns that it covers")
    func undo() async throws {
        let directory = try await session(of: 20)
        for left in (0..<20).reversed() {
            let (turn, turnsLeft) = try await directory.store(limits: Self.limits).undo(SessionKey("a"))
            #expect(turn.id == "turn-\(left)" && turnsLeft == left)
            let seen = try await directory.store(limits: Self.limits).history(of: SessionKey("a"))
            #expect(seen.names == numbers(0..<left))
            // No summary replaces the last turn.
            #expect(left == 0 || seen.last?.messages[0].content == "\(left - 1)")
        }
        #expect(try lines(of: directory) == [])
    }

    @Test("a tool call and its result are summarized together")
    func tools() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store(limits: Self.limits)
        for number in 0..<5 {
            try await store.say(
                "\(number)", calls: 1...2 ~= number ? ["call"] : [], result: 2...3 ~= number ? "call" : nil, by: summarizer)
        }
        #expect(try await store.say("5", by: summarizer) == numbers(0..<5))
        #expect(summarizer.prompts == [numbers(0..<4)])
    }

    @Test("a long summary is cut for the model and stored whole")
    func longSummary() throws {
        for (text, shown) in [(String(repeating: "a", count: 1000), 100), (String(repeating: "字", count: 100), 96), ("short", 5)] {
            let summary = HistorySummary(
                at: Turn.time, text: text, covers: "turn-1", model: "m", usage: Usage(promptTokens: 1, completionTokens: 1))
            let turn = summary.pastTurn(tokens: shown)
            #expect(turn.messages[0].content == "Summary of our conversation so far:\n" + text.prefix(shown))
            #expect(turn.messages.map(\.role) == [.user, .assistant])
            #expect(SessionFile.summary(in: summary.line[...], ValueDecoder()) == summary)
        }
    }

    @Test("a store that does not summarize shows a session with summaries like one without")
    func off() async throws {
        let directory = try await session(of: 20)
        let off = ContextLimits(maxTurns: 7)
        #expect(try await directory.store(limits: off).say("20", by: summarizer) == numbers(13..<20))
        #expect(try await directory.store(limits: off).history(of: SessionKey("a")).names == numbers(14..<21))
    }

    @Test("summaries count towards the usage of a session, but not as turns")
    func counts() async throws {
        let directory = try await session(of: 20)
        let store = try directory.store(limits: Self.limits)
        let summary = try await store.summary(of: SessionKey("a"))
        let count = summarizer.prompts.count
        #expect(summary.turnCount == 20 && summary.usage.totalTokens == 20 * 2 + count * 15)
        var listed: [Int] = []
        try store.list { listing in
            listed.append(listing.turnCount)
            return true
        }
        #expect(listed == [20])
        #expect(try await store.page(of: SessionKey("a"), messages: 100).turns.map(\.id) == (0..<20).map { "turn-\($0)" })
        try await store.verify { Issue.record("\($0)") }
    }

    @Test("an exported session with summaries is imported byte for byte", arguments: [ExportFormat.json, .jsonl])
    func roundTrip(format: ExportFormat) async throws {
        let source = try await session(of: 20)
        var bytes: [UInt8] = []
        try await source.store().export(SessionKey("a"), as: format) { bytes += $0 }
        for form in try format.forms(of: bytes) {
            let target = try TemporaryDirectory()
            let store = try target.store(limits: Self.limits)
            let session = try ImportedSession(form, name: "x")
            #expect(try await store.importSession(session) == .imported(turns: 20))
            #expect(try target.bytes("a.json") == source.bytes("a.json"))
            #expect(try await store.undo(SessionKey("a")).turnsLeft == 19)
            #expect(try await store.importSession(session, merges: true) == .merged(turns: 1))
            #expect(try await store.history(of: SessionKey("a")).names == numbers(0..<20))
            _ = try await store.fork(SessionKey("a"), to: SessionKey("b"))
            #expect(try await store.history(of: SessionKey("b")).names == numbers(0..<20))
        }
    }

    @Test("an export as Markdown has no summaries, only turns")
    func markdown() async throws {
        var bytes: [UInt8] = []
        try await session(of: 6).store().export(SessionKey("a"), as: .markdown) { bytes += $0 }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("6 turns") && text.contains("> 0\n") && !text.contains("summary"))
    }

    @Test(
        "a line with a summary's id that is no summary makes the file unreadable",
        arguments: [
            #"{"id":"summary-1","at":"2026-11-23T09:00:00Z","covers":"turn-1","model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
            #"{"id":"turn-1","at":"2026-11-23T09:00:00Z","summary":"a","covers":"turn-1","model":"m","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#,
            String(decoding: Turn.make(id: "summary-1").line, as: UTF8.self),
        ])
    func invalid(line: String) async throws {
        let header = #"{"format":"nanobot-session/1","key":"a","created_at":"2026-11-23T09:00:00Z","turns":["#
        // Twice, because a single one could be a torn write.
        let file = Array((header + "\n" + line + ",\n" + line + "\n]}\n").utf8)
        #expect { try ImportedSession(file, name: "x") } throws: { ($0 as? SessionError)?.code == .unreadable }
        let directory = try await session(of: 1)
        try directory.write(file, to: "a.json")
        await #expect { try await directory.store(limits: Self.limits).say("1", by: summarizer) } throws: {
            ($0 as? SessionError)?.code == .unreadable
        }
        #expect(try directory.bytes("a.json") == file)
    }

    @Test("the repair of a damaged session keeps the summaries that can be read")
    func salvage() async throws {
        let directory = try await session(of: 9)
        var bytes = try directory.bytes("a.json")
        bytes.replace("\"content\":\"1\"", "\"content\":?1\"")
        try directory.write(bytes, to: "a.json")
        var repairs: [String] = []
        try await directory.store().verify(repairs: true) { repairs.append($0.repair ?? "") }
        #expect(repairs.count == 1 && repairs[0].hasPrefix("Its 8 readable turns were kept"))
        #expect(try await directory.store(limits: Self.limits).say("9", by: summarizer) == numbers(0..<9))
    }
}
