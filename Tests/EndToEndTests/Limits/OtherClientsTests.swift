import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// What one client does must not be felt by another one. The second client asks for `/health`, again and again.
@Suite("Other clients of a busy server")
struct OtherClientsTests {
    /// Something expensive that a client, or a file in the data directory, can ask for.
    enum Burden: String, CaseIterable, CustomTestStringConvertible {
        case combiningMarks, longPages, unknownTurn, exports, forks, waiters, slowReaders, fifo, zeros

        var testDescription: String { rawValue }

        /// In MB: what the responder may take at most, its 30 MB at rest among them.
        var memory: Int { self == .waiters ? 200 : 160 }

        /// Does it with eight clients at once, twice.
        func impose(on server: Server, until isMeasured: Gate) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask { for round in 0..<2 { try await once(server, client, round, until: isMeasured) } }
                }
                try await group.waitForAll()
            }
        }

        private func once(_ server: Server, _ client: Int, _ round: Int, until isMeasured: Gate) async throws {
            let long = ["x-session-key: long"]
            switch self {
            case .combiningMarks:
                let marks = String(repeating: "\u{301}", count: 8000) + String(repeating: "\u{334}", count: 8000)
                let body = #"{"m\#(marks)":1,"messages":[{"role":"user","content":"Hello"}]}"#
                #expect(try await server.post(body.utf8, session: "marks \(client)").status == 200)
            case .longPages: #expect(try await server.send("GET", "/v1/session?limit=1000", headers: long).status == 200)
            case .unknownTurn:
                #expect(try await server.send("GET", "/v1/session?limit=1&before=turn-none", headers: long).status == 400)
            case .exports: #expect(try await server.send("GET", "/v1/session/export?format=markdown", headers: long).status == 200)
            case .forks:
                let body = Array(#"{"to":"copy \#(client) \#(round)"}"#.utf8)
                let status = try await server.send("POST", "/v1/session/fork", headers: long, body: body).status
                #expect([200, 429].contains(status))
            case .waiters:
                // They wait for each other.
                #expect(try await server.chat(String(repeating: "x", count: 100_000), session: "waited for").status == 200)
            case .slowReaders:
                // It reads nothing at all.
                let descriptor = try #require(SocketAddress.loopback(server.port).connected())
                defer { close(descriptor) }
                let request = Array("GET /v1/session/export HTTP/1.1\r\nHost: x\r\nx-session-key: long\r\n\r\n".utf8)
                #expect(send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count)
                await isMeasured.pass()
            case .fifo: #expect(try await server.chat("Hello", session: "fifo").status == 500)
            case .zeros: #expect([200, 500].contains(try await server.chat("Hello", session: "zeros").status))
            }
        }
    }

    @Test("the others are answered as soon as before, in little memory and few threads", arguments: Burden.allCases)
    func burden(_ burden: Burden) async throws {
        try await Site.run(environment: ["NANOBOT_DURABILITY": "relaxed"]) { site in
            let server = try site.server
            for key in ["long", "zeros"] { #expect(try await server.chat("Hello", session: key).status == 200) }
            let sessions = server.dataDirectory + "/sessions/"
            try Self.lengthen(sessions + "long.json", to: 32 << 20)
            #expect(mkfifo(sessions + "fifo.json", 0o600) == 0)
            // Behind a torn turn.
            #expect(truncate(sessions + "zeros.json", 400_000_000) == 0)
            let responder = site.responder().processID

            let idle = try await Self.health(server, during: { _ in })
            let busy = try await Self.health(server, during: { try await burden.impose(on: server, until: $0) })
            // Of a hundred milliseconds most is the machine's: the tests use all processors.
            #expect(busy.median < .milliseconds(100) + idle.worst && busy.worst < .seconds(1) + idle.worst * 10, "\(idle) \(busy)")
            let status = try String(contentsOfFile: "/proc/\(responder)/status", encoding: .utf8)
            func number(_ name: String) throws -> Int {
                let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
                return try #require(Int(line.filter(\.isNumber)))
            }
            let (memory, threads) = (try number("VmHWM"), try number("Threads"))
            #expect(memory < burden.memory * 1000, "\(memory) kB")
            #expect(threads < 16)
        }
    }

    private struct Latency: CustomStringConvertible {
        var median: Duration
        var worst: Duration

        var description: String { "median \(median), worst \(worst)" }
    }

    /// How long `/health` takes while something else happens. What waits for the gate goes on until then.
    private static func health(_ server: Server, during body: @escaping @Sendable (Gate) async throws -> Void) async throws -> Latency {
        let isMeasured = Gate()
        defer { isMeasured.open() }
        async let burden: Void = body(isMeasured)
        var times: [Duration] = []
        let end = ContinuousClock.now + .seconds(2)
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            #expect(try await server.send("GET", "/health").status == 200)
            times.append(ContinuousClock.now - start)
        }
        isMeasured.open()
        try await burden
        times.sort()
        return Latency(median: times[times.count / 2], worst: times[times.count - 1])
    }

    /// Repeats a session's turns until its file has a length.
    private static func lengthen(_ path: String, to length: Int) throws {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let turn = lines[1].drop { $0 != "," }
        let turns = (0..<length / turn.utf8.count).map { "{\"id\":\"turn-\($0)\"\(turn)" }
        let text = "\(lines[0])\n\(turns.joined(separator: ",\n"))\n]}\n"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
