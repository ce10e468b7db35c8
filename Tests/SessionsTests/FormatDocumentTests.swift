import Chat
@testable import Files
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

/// What Sources/Sessions/FORMAT.md shows, held against the program.
@Suite("The description of the session file")
struct FormatDocumentTests {
    private static let name = "wx%3Adm%3Aalice"
    private let text: String
    private let key: SessionKey

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        text = try String(contentsOf: root.appending(path: "Sources/Sessions/FORMAT.md"), encoding: .utf8)
        key = try SessionKey("wx:dm:alice")
    }

    /// The content of the first fenced block of a language.
    private func block(_ language: String) throws -> [UInt8] {
        let start = try #require(text.firstRange(of: "```\(language)\n"))
        let end = try #require(text[start.upperBound...].firstRange(of: "```"))
        return Array(text[start.upperBound..<end.lowerBound].utf8)
    }

    private enum Line {
        case turn(Turn)
        case summary(HistorySummary)
    }

    /// The turns and summaries of the example, read by the program.
    private func lines(of example: [UInt8], in directory: TemporaryDirectory) throws -> (header: SessionFile.Header, lines: [Line]) {
        _ = try directory.store()
        try directory.write(example, to: Self.name + ".json")
        let opened = try SessionFile(directory.file(Self.name + ".json"), key: key, isWritable: false, in: HostFileSystem())
        guard var file = opened else { throw SessionError.notFound(key) }
        let isWhole = try file.assumeIntactIfWhole()
        #expect(isWhole)
        var lines: [Line] = []
        let decoder = ValueDecoder()
        try file.readLines { line, isSeparated in
            #expect(isSeparated)
            if SessionFile.isSummary(line) {
                lines.append(.summary(try #require(SessionFile.summary(in: line, decoder))))
            } else {
                lines.append(.turn(try #require(SessionFile.turn(in: line, decoder))))
            }
        }
        return (try file.header(), lines)
    }

    @Test("the example is what the program writes for its turns, to the byte, at once and one after the other")
    func example() async throws {
        let example = try block("json")
        let (source, target) = (try TemporaryDirectory(), try TemporaryDirectory())
        let (header, lines) = try lines(of: example, in: source)
        #expect(lines.count == 4)

        let store = try target.store()
        let path = target.file(Self.name + ".json")
        for line in lines {
            switch line {
            case .turn(let turn): _ = try await store.turn(of: key, from: turn.request) { _ in turn }
            case .summary(let summary):
                guard var file = try SessionFile(path, key: key, in: HostFileSystem()) else { throw SessionError.notFound(key) }
                file.assumeIntact(size: try file.status().size)
                _ = try file.append(summary.line, synchronizes: true)
            }
        }
        #expect(try target.bytes(Self.name + ".json") == example)

        var writer = try SessionWriter(path, key: key, createdAt: header.createdAt, in: HostFileSystem())
        for line in lines {
            switch line {
            case .turn(let turn): try writer.append(turn.line)
            case .summary(let summary): try writer.append(summary.line)
            }
        }
        try writer.commit(replaces: true, synchronizes: true)
        #expect(try target.bytes(Self.name + ".json") == example)
    }

    @Test("a model sees the example's summary in the place of the turn that it covers")
    func summary() async throws {
        let directory = try TemporaryDirectory()
        _ = try lines(of: try block("json"), in: directory)
        let seen = try await directory.store(limits: ContextLimits(summarizes: true)).history(of: key)
        #expect(seen.count == 3)
        #expect(seen.first?.messages.first?.content.contains("Alice lives in Chengdu.") == true)
        #expect(seen.last?.messages.map(\.role) == [.tool, .assistant])
        try await directory.store().verify { Issue.record("\($0)") }
    }

    @Test("the torn tail of the example is cut and kept as described")
    func tornTail() async throws {
        let example = try block("json")
        let torn = try block("text").dropLast()
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        try directory.write(example.dropLast(SessionFile.closing.count) + torn, to: Self.name + ".json")
        #expect(try await store.history(of: key).count == 3)
        #expect(try directory.bytes(Self.name + ".json") == example)
        let kept = try directory.names(in: "quarantine")
        #expect(kept.count == 1)
        #expect(kept.first?.wholeMatch(of: /wx%3Adm%3Aalice\.\d{4}-\d\d-\d\dT\d{6}Z\.\d+/) != nil, "\(kept)")
        #expect(try directory.bytes("../quarantine/\(try #require(kept.first))") == Array(torn))
    }

    @Test("the table of keys has their file names and the places of their locks")
    func keys() throws {
        let directory = try TemporaryDirectory()
        let lock = try directory.store().lock
        var count = 0
        for row in text.matches(of: /\| `([^`]+)` \| `([^`]+)\.json` \| `([^`]+)` \| (\d+) \|/) {
            let key = try SessionKey(String(row.1))
            #expect(key.fileName == row.2)
            #expect(lock.path(for: key.lockOffset).lastComponent?.string == String(row.3))
            #expect(String(key.lockOffset) == row.4)
            count += 1
        }
        #expect(count == 4)
    }

    @Test("the limits are the program's")
    func limits() {
        #expect(text.contains("268,435,456 bytes (256 MiB)") && SessionFile.longestLine == 268_435_456)
        #expect(text.contains("`\(SessionFile.format)`") && SessionFile.closing == Array("\n]}\n".utf8))
        #expect(text.contains("1 to \(SessionKey.maximumLength) bytes"))
        #expect(text.contains("of the last 24 hours") && IdempotencyIndex.period == 24 * 3600)
    }
}
