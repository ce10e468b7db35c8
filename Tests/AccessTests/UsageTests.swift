import Concurrency
import Files
import Foundation
import Harness
import Logging
import SystemPackage
import Testing

@testable import Access
@testable import TestSupport

@Suite("Usage")
struct UsageTests {
    private struct Fixture {
        let home: TemporaryDirectory
        let lines = Log<LogLine>()
        let log: UsageLog

        init() throws {
            home = try TemporaryDirectory()
            log = UsageLog(dataDirectory: FilePath(home.path), in: HostFileSystem(), storedStep: 10_000, logger: .test(lines))
        }

        func path(_ name: String) -> String { home.path + "/usage/" + name }

        func rows(_ grouping: UsageGrouping, since: String = "2026-01-01", until: String = "2026-12-31", key: String? = nil)
            async throws -> [String]
        {
            let query = try #require(UsageQuery(since: since, until: until, by: grouping, key: key, now: Date()))
            return try await log.rows(query).map { row in
                let cost = row.amount.cost.map { " \($0)" } ?? ""
                return "\(row.name ?? "-") \(row.amount.requests) \(row.amount.totalTokens)\(cost)"
            }
        }
    }

    private static func line(
        _ day: String, _ key: String? = "k1", session: String = "wx:a", model: String = "m", tokens: Int = 3, cost: Double? = nil
    ) -> UsageLine {
        UsageLine(
            at: day + "T10:00:00Z", key: key, session: session, model: model,
            amount: UsageAmount(promptTokens: tokens, completionTokens: 0, totalTokens: tokens, cost: cost), status: 200)
    }

    @Test("turns are summed by key, day, model and session, over the days that are asked for")
    func sums() async throws {
        let fixture = try Fixture()
        #expect(try await fixture.rows(.day) == [])
        for line in [
            Self.line("2026-10-31", tokens: 1), Self.line("2026-11-01", "k2", tokens: 5, cost: 0.5), Self.line("2026-11-01"),
            Self.line("2026-11-02", nil, session: "tg:\n\"b", model: "n", tokens: .max, cost: 0.25), Self.line("2026-12-01", tokens: -7),
        ] {
            fixture.log.add(line)
        }
        #expect(
            try await fixture.rows(.day) == [
                "2026-10-31 1 1", "2026-11-01 2 8 0.5", "2026-11-02 1 \(Int.max) 0.25", "2026-12-01 1 0",
            ])
        #expect(try await fixture.rows(.key) == ["- 1 \(Int.max) 0.25", "k2 1 5 0.5", "k1 3 4"])
        #expect(try await fixture.rows(.model) == ["m 4 9 0.5", "n 1 \(Int.max) 0.25"].reversed())
        #expect(try await fixture.rows(.session, until: "2026-11-01") == ["wx:a 3 9 0.5"])
        #expect(try await fixture.rows(.session, key: "k2") == ["wx:a 1 5 0.5"])
        #expect(try await fixture.rows(.day, since: "2026-11-01", until: "2026-11-01", key: "k1") == ["2026-11-01 1 3"])
        #expect(try FileManager.default.attributesOfItem(atPath: fixture.path("2026-11.jsonl"))[.posixPermissions] as? Int == 0o600)
        #expect(fixture.lines.entries.isEmpty)
    }

    @Test("a day that is none is refused", arguments: ["", "2026", "2026-02-30", "2026-1-1", "yesterday", "2026-11-27T00:00:00Z"])
    func days(text: String) {
        #expect(UsageQuery(since: text, until: nil, by: .day, now: Date()) == nil)
        #expect(UsageQuery(since: nil, until: text, by: .day, now: Date()) == nil)
    }

    @Test("a month's sums are stored beside its lines, and only what came after is read again")
    func stored() async throws {
        let fixture = try Fixture()
        for number in 0..<600 {
            fixture.log.add(Self.line("2026-11-0\(1 + number % 2)", "k\(number % 3)", cost: 0.5))
        }
        let first = try await fixture.rows(.key)
        #expect(FileManager.default.fileExists(atPath: fixture.path("2026-11.sums.json")))
        // Lines that are summed are not read again: these are changed behind its back, at the same length.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: fixture.path("2026-11.jsonl")))
        try handle.write(contentsOf: Data("xxxx".utf8))
        #expect(try await fixture.rows(.key) == first)
        fixture.log.add(Self.line("2026-11-03", "k1", tokens: 1000, cost: 0.5))
        let next = try await fixture.rows(.key)
        #expect(next.count == first.count && next != first && next.map { $0.split(separator: " ")[1] } == ["201", "200", "200"])
        // By session the lines are read.
        #expect(try await fixture.rows(.session).first?.hasPrefix("wx:a 600 ") == true)
        #expect(fixture.lines.entries.isEmpty)

        for damage in ["", "{", "{}", #"{"format":"nanobot-usage","version":2,"bytes":1,"unreadable":0,"sums":[]}"#] {
            try damage.write(toFile: fixture.path("2026-11.sums.json"), atomically: false, encoding: .utf8)
            #expect(try await fixture.rows(.day, until: "2026-11-03").map { $0.split(separator: " ")[1] } == ["299", "300", "1"])
        }
        #expect(fixture.lines.entries.allSatisfy { $0.message.contains("1 lines") })
        // Numbers that no month has, and a file that is larger than memory.
        let size = try Data(contentsOf: URL(fileURLWithPath: fixture.path("2026-11.jsonl"))).count
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("no line\n".utf8))
        for (bytes, unreadable, days) in [(Int.max, 0, 3), (size, Int.max, 0)] {
            let damage = #"{"format":"nanobot-usage","version":1,"bytes":\#(bytes),"unreadable":\#(unreadable),"sums":[]}"#
            try damage.write(toFile: fixture.path("2026-11.sums.json"), atomically: false, encoding: .utf8)
            #expect(try await fixture.rows(.day, until: "2026-11-03").count == days)
        }
        #expect(truncate(fixture.path("2026-11.sums.json"), 1 << 40) == 0)
        #expect(try await fixture.rows(.day, until: "2026-11-03").count == 3)
        // Another file in its place, which is shorter.
        try FileManager.default.removeItem(atPath: fixture.path("2026-11.jsonl"))
        fixture.log.add(Self.line("2026-11-01"))
        #expect(try await fixture.rows(.day) == ["2026-11-01 1 3"])
    }

    @Test("what is no line of usage is left out and said, and a line that has no end yet is still being written")
    func damaged() async throws {
        let fixture = try Fixture()
        fixture.log.add(Self.line("2026-11-01"))
        let good = try Data(contentsOf: URL(fileURLWithPath: fixture.path("2026-11.jsonl")))
        let bad = [
            "{}", "null", String(repeating: "[", count: 100_000), #"{"at":"2026","key":null,"session":"a","model":"m","status":200}"#,
            "\0\0",
        ]
        for text in bad {
            try (Data((text + "\n").utf8) + good + Data("{\"at\":".utf8)).write(to: URL(fileURLWithPath: fixture.path("2026-11.jsonl")))
            #expect(try await fixture.rows(.day) == ["2026-11-01 1 3"], "\(text.prefix(20))")
        }
        #expect(fixture.lines.entries.count == bad.count && fixture.lines.entries.allSatisfy { $0.level == .warning })
        // A file of zeros without an end of line.
        try Data(count: 3 << 20).write(to: URL(fileURLWithPath: fixture.path("2026-11.jsonl")))
        #expect(try await fixture.rows(.day) == [])
    }

    @Test("a line that a full disk cut short is not joined with the next one, by the same process or another", arguments: [true, false])
    func torn(isSame: Bool) async throws {
        let system = SimulatedFileSystem()
        try system.makeDirectory("/data")
        func log() -> UsageLog { UsageLog(dataDirectory: "/data", in: system, logger: .test()) }
        log().add(Self.line("2026-11-01"))
        let count = system.calls.count
        log().add(Self.line("2026-11-01"))
        // The last call is the one that writes.
        let call = system.calls.count - count
        system.reset(SimulatedFileSystem.Fault(call: call, effect: .shortWriteThenFailure(.noSpace)))
        let failing = log()
        failing.add(Self.line("2026-11-02"))
        system.reset()
        for day in ["2026-11-03", "2026-11-04"] { (isSame ? failing : log()).add(Self.line(day)) }
        let query = try #require(UsageQuery(since: "2026-11-01", until: "2026-11-30", by: .day, now: Date()))
        let days = try await log().rows(query).map { "\($0.name ?? "") \($0.amount.requests)" }
        #expect(days == ["2026-11-01 2", "2026-11-03 1", "2026-11-04 1"])
    }

    @Test("a device, a FIFO and a directory are no lines")
    func devices() async throws {
        let fixture = try Fixture()
        let path = fixture.path("2026-11.jsonl")
        try FileManager.default.createDirectory(atPath: fixture.path(""), withIntermediateDirectories: false)
        #expect(mkfifo(path, 0o600) == 0)
        fixture.log.add(Self.line("2026-11-01"))
        #expect(fixture.lines.entries.map(\.level) == [.error])
        await #expect(throws: UsageError.self) { try await fixture.rows(.day) }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        await #expect(throws: UsageError.self) { try await fixture.rows(.session) }
    }

    @Test("if any call fails while sums are stored, usage is the same, and nothing is left over that matters")
    func faults() async throws {
        let base = SimulatedFileSystem()
        try base.makeDirectory("/data")
        try base.makeDirectory("/data/usage")
        let lines = (0..<600).flatMap { Self.line("2026-11-01", "k\($0 % 3)").serialized }
        try File.create("/data/usage/2026-11.jsonl", in: base).write(lines, at: 0)
        let query = try #require(UsageQuery(since: "2026-11-01", until: "2026-11-30", by: .day, now: Date()))
        var call = 1
        while true {
            let system = SimulatedFileSystem(base.disk)
            let log = UsageLog(dataDirectory: "/data", in: system, storedStep: 10_000, logger: .test())
            system.reset(SimulatedFileSystem.Fault(call: call, effect: .failureFromThenOn(.ioError)))
            let rows = try? await log.rows(query)
            let hasFailed = system.calls.count >= call
            system.reset()
            #expect(rows.map { $0.map(\.amount.requests) == [600] } ?? true)
            #expect(try await log.rows(query).map(\.amount.requests) == [600])
            if !hasFailed { break }
            call += 1
        }
        #expect(call > 8)
    }
}
