import Foundation
import Harness
import TestSupport
import Testing

@Suite("Too few descriptors")
struct DescriptorLimitTests {
    @Test("a responder with 64 descriptors serves 500 clients, and every answered turn is in its file, once and in order")
    func manyClients() async throws {
        try await Site.run(wrapper: ["prlimit", "--nofile=64:64"], keepsConnections: false) { site in
            let load = Load(port: site.port, clients: 500, failure: 503)
            let sessions = (1...500).map { "session\($0)" }
            let logs = try await load.run(sessions) {
                let isServed = try await eventually(within: .seconds(300)) { load.answerCount >= 3 * sessions.count }
                #expect(isServed)
            }
            let served = logs.filter { !$0.answered.isEmpty }.count
            #expect(served == sessions.count)
            try site.server.expectStored(logs)
            #expect(try FileManager.default.contentsOfDirectory(atPath: site.home.path + "/data/quarantine").isEmpty)
        }
    }

    @Test("without a descriptor for the session's file nothing is stored or lost, and with one the session continues")
    func noneLeft() async throws {
        try await Site.run { site in
            let server = try site.server
            let process = site.responder().processID
            // A timer whose descriptors cannot be opened when somebody first sleeps would end the process.
            let descriptors = "/proc/\(process)/fd"
            let links = try FileManager.default.contentsOfDirectory(atPath: descriptors).compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\($0)")
            }
            #expect(links.contains("anon_inode:[timerfd]"))
            #expect(try await server.chat("Is my hat blue?", session: "a").status == 200)
            let file = try server.bytes(ofSession: "a")

            // Up to the first number that is free: a new descriptor takes the lowest one (open(2)), and the limit is one of numbers.
            let numbers = Set(try FileManager.default.contentsOfDirectory(atPath: descriptors).compactMap { Int($0) })
            let free = (0...).first { !numbers.contains($0) } ?? 0
            try await limit(process, to: free)
            let retry = ["Idempotency-Key: 2"]
            for session in ["a", "new"] {
                expectStorageUnavailable(try await server.chat("What did I just ask you?", session: session, headers: retry))
            }
            #expect(try await server.send("GET", "/health").status == 200)
            #expect(try server.bytes(ofSession: "a") == file)

            try await limit(process, to: 256)
            for isReplayed in [nil, "true"] {
                let response = try await server.chat("What did I just ask you?", session: "a", headers: retry)
                #expect(response.status == 200 && response.headers["idempotency-replayed"] == isReplayed)
                #expect(response.answer.contains("Is my hat blue?"))
            }
            #expect(try server.stored("a").turns.count == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions") == ["a.json"])
        }
    }

    private func limit(_ process: pid_t, to count: Int) async throws {
        try #require(try await Program.run("prlimit", ["--pid", "\(process)", "--nofile=\(count):"]).status == 0)
    }
}
