import Foundation
import Glibc
import TestSupport
import Testing

/// Random rounds. The same seed (`NANOBOT_SEED`) gives the same requests and disturbances, but not the same interleaving.
@Suite("Everything at once on one data directory", .serialized)
struct LinearizabilityTests {
    private static let clients = ["a", "b", "c", "d", "e", "f"]
    private static let operations = 40

    @Test(
        "clients see each session change by one operation at a time, and no answered turn is lost or doubled",
        arguments: TestLength.seeds(5))
    func round(seed: UInt64) async throws {
        let history = RecordedHistory()
        let upstream = try RecordingUpstream(history, seed: seed)
        defer { upstream.stop() }
        let directory = try SharedDirectory(upstream: upstream.port)
        let sessions = Log<String>()
        for session in ["one", "two", "three", "four"] { sessions.append(session) }
        let counts: [Disturbances.Kind: Int]
        do {
            counts = try await run(seed, directory, history, sessions)
        } catch {
            for index in 0..<SharedDirectory.responderCount { try await directory.end(index, SIGKILL) }
            throw error
        }
        for index in 0..<SharedDirectory.responderCount { try await directory.end(index, SIGTERM) }

        try readFiles(directory, history, sessions.entries)
        let verification = try #require(try await directory.command(["verify"], patience: .seconds(100)))
        #expect(
            verification.status == 0 && verification.standardOutput.isEmpty,
            "\(String(decoding: verification.standardOutput, as: UTF8.self))")
        let operations = history.operations
        let unknown = operations.filter { $0.outcome == .unknown }.count
        let times = counts.map { "\($1) \($0)" }.sorted().joined(separator: ", ")
        print("seed \(seed): \(operations.count) operations, \(unknown) with unknown outcome, \(history.calls.count) calls; \(times)")
        #expect(history.contradictions.isEmpty)
        try HistoryCheck(operations: operations, calls: history.calls).run()
    }

    @Test("a process has the clock that it is given", arguments: Clock.allCases)
    func clock(_ clock: Clock) async throws {
        let directory = try SharedDirectory(upstream: 1)
        let log = try #require(try await directory.health(clock)?.standardError)
        let time = try Date(try #require(log.firstMatch(of: /^\S+Z/).map { String($0.output) }), strategy: .iso8601)
        #expect(abs(time.timeIntervalSinceNow - Double(clock.rawValue)) < 600, "\(log)")
    }

    private func run(
        _ seed: UInt64, _ directory: SharedDirectory, _ history: RecordedHistory, _ sessions: Log<String>
    ) async throws -> [Disturbances.Kind: Int] {
        var generator = SplitMix64(seed: seed)
        let disturbances = try await Disturbances(directory, seed: generator.next())
        let done = Gate()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for name in Self.clients {
                var client = RoundClient(name, directory, history, sessions, clocks: Disturbances.clocks, seed: generator.next())
                group.addTask { try await client.run(Self.operations) }
            }
            async let counts = disturbances.run { done.isOpen }
            defer { done.open() }
            try await group.waitForAll()
            done.open()
            return try await counts
        }
    }

    /// Reads every session's file when nobody writes any more: it ends whole, and has what the last operation left.
    private func readFiles(_ directory: SharedDirectory, _ history: RecordedHistory, _ sessions: [String]) throws {
        #expect(Set(sessions).isSuperset(of: try directory.sessions))
        for session in sessions {
            let begin = history.now()
            let bytes = directory.file(session)
            if let bytes { #expect(bytes.suffix(4).elementsEqual("\n]}\n".utf8)) }
            history.end("file", session, .read, since: begin, try bytes.map { .turns(history.turns(try JSON($0))) } ?? .missing)
        }
    }
}
