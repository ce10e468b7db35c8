import Foundation
import Glibc
import TestSupport
import Testing

@Suite("One session and several processes")
struct SharedSessionTests {
    @Test("a hundred turns at once through four responders are all stored, and each saw those before it", arguments: Kernel.allCases)
    func hundredTurns(kernel: Kernel) async throws {
        // The model sees everything.
        let environment = kernel.environment.merging(["NANOBOT_HISTORY_MAX_TOKENS": "1000000"]) { $1 }
        try await Site.run(responders: 4, environment: environment) { site in
            let port = site.port
            let texts = (1...100).map { "I am number \($0) of all" }
            let usages = try await withThrowingTaskGroup(of: JSON?.self) { group in
                for (index, text) in texts.enumerated() {
                    group.addTask {
                        try await onOwnThread {
                            let path = "/\(index % 4 + 1)" + Server.chatPath
                            let response = try HTTPConnection(port: port).chat(text, session: "one", path: path)
                            #expect(response.status == 200)
                            return response.json["usage"]["prompt_tokens"]
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            let turns = try site.server.stored("one").turns
            #expect(turns.map(\.question).sorted() == texts.sorted())
            // The built-in model counts the words of all that it sees.
            var words = 0
            for turn in turns {
                #expect(turn.usage.prompt_tokens == words + turn.question.split(separator: " ").count, "\(turn.question)")
                words += turn.wordCount
            }
            #expect(Set(usages.map { Int($0?.number ?? 0) }) == Set(turns.map(\.usage.prompt_tokens)))
        }
    }

    @Test("a session that another process holds is busy, others are not, and it continues afterwards", arguments: Kernel.allCases)
    func busy(kernel: Kernel) async throws {
        try await Site.run(environment: kernel.environment.merging(["NANOBOT_SESSION_BUSY_TIMEOUT": "20"]) { $1 }) { site in
            let server = try site.server
            #expect(try await server.chat("Is my hat blue?", session: "a").status == 200)
            var lock: LockFile? = try LockFile(server.dataDirectory)
            try #require(lock?.hold(LockFile.sessionA) == true)
            // The second one waits in the process for the first.
            async let first = server.chat("Hello", session: "a")
            async let second = server.chat("Hello", session: "a")
            #expect(try await eventually { lock?.isHeldElsewhere(LockFile.queueA) == true })
            // libdispatch's by CLOCK_MONOTONIC, and the one that Task.sleep needs, by CLOCK_BOOTTIME or what stands in for it.
            let process = OtherProcess(processID: site.responder().processID)
            #expect(try await eventually(within: .seconds(20)) { process.timerCount == 2 })
            #expect(try await server.chat("Hello", session: "b").status == 200)
            for response in [try await first, try await second] {
                expectError(response, 409, "session_busy")
                #expect(response.headers["retry-after"] == "1")
            }
            #expect(try server.stored("a").turns.count == 1)
            lock = nil
            #expect(try await server.chat("What did I just ask you?", session: "a").answer.contains("Is my hat blue?"))
        }
    }

    @Test("a process killed while it holds a session keeps nobody waiting")
    func holderKilled() async throws {
        try await Site.run(responders: 2) { site in
            let server = try site.server
            #expect(try await server.chat("Hello", session: "a").status == 200)
            // The lock belongs to the open file, which the other process gets and this one closes.
            var lock: LockFile? = try LockFile(server.dataDirectory)
            try #require(lock?.hold(LockFile.sessionA) == true)
            let observer = try LockFile(server.dataDirectory)
            let holder = try Program("sleep", ["600"], input: lock?.descriptor)
            lock = nil
            #expect(observer.isHeldElsewhere(LockFile.sessionA))

            async let answer = server.send("POST", "/2" + Server.chatPath, headers: ["x-session-key: a"], body: Server.body("Hello"))
            #expect(try await eventually { observer.isHeldElsewhere(LockFile.queueA) })
            holder.send(SIGKILL)
            _ = try await holder.outcome()
            #expect(try await answer.status == 200)
            #expect(try server.stored("a").turns.count == 2)
        }
    }

    @Test("a responder killed in a turn loses that one only: those that wait in others are answered and stored", arguments: Kernel.allCases)
    func responderKilled(kernel: Kernel) async throws {
        let upstream = try HeldUpstream()
        let environment = upstream.environment.merging(kernel.environment) { $1 }
        try await Site.run(responders: 3, environment: environment) { site in
            let server = try site.server
            @Sendable func ask(_ responder: Int, _ text: String) async throws -> Int {
                let path = "/\(responder)" + Server.chatPath
                return try await server.send("POST", path, headers: ["x-session-key: a"], body: Server.body(text)).status
            }
            async let lost = ask(1, "lost")
            #expect(try await eventually { upstream.asked == 1 })
            async let second = ask(2, "second")
            async let third = ask(3, "third")
            let lock = try LockFile(server.dataDirectory)
            #expect(try await eventually { lock.isHeldElsewhere(LockFile.queueA) })
            #expect(upstream.asked == 1)
            try await site.killAndRestart(0)
            upstream.release()
            let statuses = try await [lost, second, third]
            #expect(statuses == [502, 200, 200])
            // Once the new one listens.
            #expect(try await eventually { try await ask(1, "after") == 200 })
            #expect(try server.stored("a").turns.map(\.question).sorted() == ["after", "second", "third"])
        }
    }
}
