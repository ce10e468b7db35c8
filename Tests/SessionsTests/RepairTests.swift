import Foundation
import JSON
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Torn tails")
struct RepairTests {
    @Test("an append that stops after any number of bytes loses no earlier turn", arguments: [1, 2, 5])
    func everyPrefix(earlierTurns: Int) async throws {
        let directory = try TemporaryDirectory()
        let earlier = (1...earlierTurns).map { "earlier \($0)" }
        for question in earlier { try await directory.store().say(question) }
        let before = try directory.bytes("a.json")
        try await directory.store().say("torn")
        let after = try directory.bytes("a.json")
        let start = before.count - 4
        for count in 0...(after.count - start) {
            // The file when the first `count` bytes of the write have arrived.
            var torn = Array(after[..<(start + count)])
            if torn.count < before.count { torn += before[torn.count...] }
            try directory.write(torn, to: "a.json")
            let store = try directory.store()
            let seen = try await store.say("next")
            #expect(seen == earlier || seen == earlier + ["torn"], "after \(count) bytes")
            if count == after.count - start { #expect(seen == earlier + ["torn"]) }
            let document = try JSONSerialization.jsonObject(with: Data(try directory.bytes("a.json"))) as? [String: Any]
            #expect((document?["turns"] as? [Any])?.count == seen.count + 1)
        }
    }

    @Test("a torn turn goes to the quarantine, and a warning names the session")
    func quarantine() async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("one")
        let whole = try directory.bytes("a.json")
        try directory.write(whole.dropLast(4) + Array(",\n{\"id\":\"turn-2\",\"at".utf8), to: "a.json")
        let lines = Log<LogLine>()
        let store = try directory.store(log: lines)
        #expect(try await store.say("two") == ["one"])
        let kept = try #require(try directory.names(in: "quarantine").first)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.path.appending("quarantine").appending(kept).string))
        #expect(String(decoding: bytes, as: UTF8.self) == ",\n{\"id\":\"turn-2\",\"at")
        #expect(lines.entries.count == 1 && lines.entries[0].level == .warning && lines.entries[0].message.contains("Session a:"))
    }

    @Test("a last turn that can be read is never cut off, however its line ends")
    func readableTail() async throws {
        for change in [("}}\n]}", "}}\r\n]}"), ("}}\n]}", "}}\t\n]}"), ("}},\n", "}},\n\n"), ("\n]}\n", "\r\n]}\r\n")] {
            let directory = try TemporaryDirectory()
            for question in ["one", "two"] { try await directory.store().say(question) }
            let whole = try directory.bytes("a.json")
            try directory.write(String(decoding: whole, as: UTF8.self).replacing(change.0, with: change.1).utf8, to: "a.json")
            let seen = try? await directory.store().say("next")
            if let seen { #expect(seen == ["one", "two"], "\(change)") }
            try await directory.store().verify(repairs: true) { _ in }
            let left = try await directory.store().say("last")
            #expect(left.starts(with: ["one", "two"]), "\(change)")
        }
    }

    @Test("400 MB of zeros in a torn turn or after it are cut in little memory", arguments: [false, true])
    func manyZeros(isClosed: Bool) async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("one")
        let whole = try directory.bytes("a.json")
        try directory.write(whole.dropLast(4) + Array(",\n{\"id\":\"turn-2\"".utf8), to: "a.json")
        let file = try FileDescriptor.open(directory.file("a.json"), .readWrite)
        try file.resize(to: 400_000_000)
        if isClosed { try file.writeAll(toAbsoluteOffset: 400_000_000, "}}\n]}\n".utf8) }
        try file.close()
        let before = try peakMemory()
        #expect(try await directory.store().say("two") == ["one"])
        #expect(try peakMemory() - before < 100_000_000)
    }

    /// The most memory that this process has used, in bytes (proc_pid_status(5)).
    private func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return 1024 * (try #require(Int(line.filter(\.isNumber))))
    }

    @Test("a file cut anywhere in its last turn or closing is repaired")
    func truncation() async throws {
        let directory = try TemporaryDirectory()
        for question in ["one", "two"] { try await directory.store().say(question) }
        let whole = try directory.bytes("a.json")
        let secondLine = try #require(whole.lastRange(of: Array("\n{\"id\"".utf8))).lowerBound
        for length in secondLine...whole.count {
            try directory.write(whole[..<length], to: "a.json")
            let seen = try await directory.store().say("next")
            #expect(seen == ["one"] || seen == ["one", "two"], "cut at \(length)")
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate func lastRange(of other: [UInt8]) -> Range<Int>? {
        indices.reversed().lazy.map { $0..<($0 + other.count) }.first { $0.upperBound <= count && Array(self[$0]) == other }
    }
}
