import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@testable import nanobot

@Suite("Responders that crash")
struct ResponderCrashTests {
    @Test(
        "a responder that dies is restarted on its socket within a second, and the log says what happened", arguments: Server.Kind.allCases,
        [SIGSEGV, SIGILL, SIGABRT, SIGKILL])
    func restart(kind: Server.Kind, signal: CInt) async throws {
        try await Server.run(kind) { server in
            _ = try await server.chat("Is my hat blue?", session: "a")
            let dead = try #require(server.responders.first)
            kill(dead.processID, signal)
            let isDead = try await eventually { !dead.isRunning }
            #expect(isDead)
            let next = try await server.chat("What did I just ask you?", session: "a")
            #expect(next.answer.contains("Is my hat blue?"), "\(server.program.standardError)")
            let new = try #require(server.responders.first)
            #expect(new.processID != dead.processID)
            let log = server.program.standardError
            #expect(
                log.contains("The responder, process \(dead.processID), was ended by signal \(signal); it is started again in 0.05 seconds")
            )
            #expect(log.contains("Crashed by SIG") == (signal != SIGKILL))
        }
    }

    @Test("every answered turn is in its file, once and in order, whenever the responder dies")
    func underLoad() async throws {
        try await Server.run(.nginx) { server in
            // What nginx says where the responder is gone in the middle of a request.
            let load = Load(port: server.port, failure: 503)
            let logs = try await load.run((1...50).map { "session\($0)" }) {
                for _ in 1...20 {
                    try #require(try await load.moment(), "\(server.program.standardError)")
                    var died = false
                    while !died {
                        for responder in server.responders {
                            died = kill(responder.processID, [SIGSEGV, SIGKILL].randomElement() ?? SIGKILL) == 0
                        }
                    }
                }
            }
            #expect(logs.reduce(0) { $0 + $1.failures } > 0)
            #expect(logs.contains { $0.replays > 0 })
            try server.expectStored(logs)
        }
    }

    /// A library that lets the process die after a turn is on the disk, before it is answered, once a file is there.
    private static let library = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <unistd.h>
        int fdatasync(int descriptor) {
            int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
            int result = next(descriptor);
            if (unlink(getenv("CRASH_FILE")) == 0) *(volatile int *)0 = 1;
            return result;
        }
        """

    @Test("a request that crashes the responder is named, and its retry finds the turn that was stored", arguments: [false, true])
    func inARequest(isJSON: Bool) async throws {
        let home = try TemporaryDirectory()
        let (source, object, trigger) = (try home.file("crash.c", Self.library.utf8), home.path + "/crash.so", home.path + "/crash")
        let compiled = try await Program.run("cc", ["-shared", "-fPIC", "-o", object, source, "-ldl"])
        try #require(compiled.status == 0, "\(compiled.standardError)")
        let upstream = try HeldUpstream()
        let environment = upstream.environment.merging([
            "LD_PRELOAD": object, "CRASH_FILE": trigger, "NANOBOT_LOG_FORMAT": isJSON ? "json" : "text",
        ]) { $1 }
        try await Server.run(.nginx, home: home, environment: environment) { server in
            // Another chat, which waits for its model meanwhile.
            async let other = server.chat("Hello", session: "b", headers: ["Idempotency-Key: 1"])
            let isAsked = try await eventually { upstream.asked == 1 }
            #expect(isAsked)
            async let first = server.chat("Hello", session: "a", headers: ["Idempotency-Key: 1", "x-request-id: my-request"])
            let isAskedTwice = try await eventually { upstream.asked == 2 }
            #expect(isAskedTwice)
            _ = try home.file("crash", [])
            upstream.release()
            // Which of the two is stored first, and so crashes, nobody knows.
            let lost = try await [first, other]
            #expect(lost.contains { $0.status == 503 } && lost.allSatisfy { [200, 503].contains($0.status) })
            expectError(try #require(lost.first { $0.status == 503 }), 503, "overloaded")

            for session in ["a", "b"] {
                let retry = try await server.chat("Hello", session: session, headers: ["Idempotency-Key: 1"])
                #expect(retry.status == 200 && retry.answer == "one two")
                #expect(try server.session(session)["turns"]?.elements.count == 1)
            }
            let log = server.program.standardError.split(separator: "\n")
            let line = try #require(log.first { $0.contains("Crashed by SIGSEGV") })
            if isJSON {
                // Lines of nginx are among them.
                for line in log where line.hasPrefix("{") { #expect(throws: Never.self) { try JSON(Array(line.utf8)) } }
                #expect(log.count { $0.hasPrefix("{") } >= 2)
                let fields = try JSON(Array(line.utf8))
                #expect(fields["route"] == .string("POST /v1/chat/completions") && fields["request"]?.text?.isEmpty == false)
            } else {
                #expect(line.hasSuffix(" route=POST /v1/chat/completions"))
                #expect(line.contains(" request=my-request ") || line.contains(" request=req_"))
            }
        }
    }

    @Test("a responder behind the operator's web server is restarted, too", arguments: Deployment.Way.allCases.filter { !$0.isCGI })
    func deployed(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server, parents in
            // Some are started with the first request.
            _ = try await server.chat("Is my hat blue?", session: "a")
            let dead = parents.flatMap { OtherProcess.responders(below: $0.processID) }
            #expect(dead.count == (way == .lighttpdSpawn ? 2 : 1))
            for responder in dead { kill(responder.processID, SIGSEGV) }
            let areDead = try await eventually { !dead.contains(where: \.isRunning) }
            #expect(areDead)
            // A web server that starts them by itself may need a moment to see it.
            var statuses: [Int] = []
            let isBack = try await eventually(within: .seconds(20)) { () async throws in
                statuses.append(try await server.send("GET", "/health").status)
                return statuses.last == 200
            }
            #expect(isBack, "\(statuses)")
            let next = try await server.chat("What did I just ask you?", session: "a")
            #expect(next.answer.contains("Is my hat blue?"))
        }
    }

    @Test("a responder that cannot serve at all ends its supervisor with its message and status, and leaves no socket")
    func cannotServe() async throws {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(
            Nanobot.path, ["fastcgi", "--supervise", "--socket", "unix:\(home.path)/socket"],
            environment: Nanobot.environment(home).merging(["NANOBOT_WORKERS": "x"]) { $1 })
        #expect(outcome.status == 1)
        let lines = outcome.standardError.split(separator: "\n").filter { !$0.contains(" info: ") }
        #expect(lines.count == 1 && lines[0].hasPrefix("nanobot: workers must be"), "\(outcome.standardError)")
        #expect(!FileManager.default.fileExists(atPath: home.path + "/socket"))
    }

    @Test("a killed supervisor takes its responder along, and requests in flight are stored")
    func supervisorKilled() async throws {
        let home = try TemporaryDirectory()
        let upstream = try HeldUpstream()
        let socket = home.path + "/socket"
        let program = try Program(
            Nanobot.path, ["fastcgi", "--supervise", "--socket", "unix:\(socket)", "--data-dir", home.path + "/data"],
            environment: Nanobot.environment(home).merging(upstream.environment) { $1 })
        let isThere = try await eventually { !OtherProcess.responders(below: program.processID).isEmpty }
        #expect(isThere)
        let responder = try #require(OtherProcess.responders(below: program.processID).first)
        program.send(SIGKILL)
        _ = try await program.outcome()
        let isGone = try await eventually { !responder.isRunning }
        #expect(isGone)
    }

    @Test("a responder that dies while serve starts is restarted", arguments: Server.Kind.allCases)
    func whileStarting(kind: Server.Kind) async throws {
        let (home, port) = (try TemporaryDirectory(), try Port.reserve())
        let program = try Program(
            Nanobot.path, ["serve", "--port", "\(port)", "--data-dir", home.path + "/data", "--web-server", kind.rawValue],
            environment: Nanobot.environment(home))
        var killed = 0
        _ = try await eventually {
            for responder in OtherProcess.responders(below: program.processID) { killed += kill(responder.processID, SIGKILL) == 0 ? 1 : 0 }
            return killed > 1
        }
        let listens = try await eventually { program.standardOutput.contains(UInt8(ascii: "\n")) }
        #expect(listens, "\(program.standardError)")
        let server = Server(port: port, program: program, home: home)
        let health = try await server.send("GET", "/health")
        #expect(health.status == 200)
        try await server.stop()
    }

    @Test("serve stopped while its responder restarts answers the waiting clients", arguments: Server.Kind.allCases)
    func stopWhileRestarting(kind: Server.Kind) async throws {
        let server = try await Server(kind, environment: ["NANOBOT_STREAM": "true"])
        for _ in 1...6 {
            let isThere = try await eventually { !server.responders.isEmpty }
            #expect(isThere)
            for responder in server.responders { kill(responder.processID, SIGKILL) }
            let isGone = try await eventually { server.responders.isEmpty }
            #expect(isGone)
        }
        let client = try StreamClient(port: server.port, session: "a")
        try await server.stop()
        let ends = try await client.ends()
        #expect(ends && client.text.contains("data: [DONE]"), "\(client.text)")
    }

    @Test("a responder suspended by a signal does not keep serve from ending", .timeLimit(.minutes(2)))
    func stoppedBySignal() async throws {
        let server = try await Server(.nginx)
        let responder = try #require(server.responders.first)
        kill(responder.processID, SIGSTOP)
        try await server.stop()
        #expect(!responder.isRunning)
        #expect(try Nanobot.runtimeDirectories(in: server.home) == [])
    }

    @Test("a killed nginx master leaves no worker")
    func masterKilled() async throws {
        let server = try await Server(.nginx)
        let processes = OtherProcess.descendants(of: server.program.processID)
        let master = try #require(processes.first { $0.arguments.first?.contains("nginx: master") == true })
        kill(master.processID, SIGKILL)
        let outcome = try await server.program.outcome()
        #expect(outcome.status == 1 && outcome.standardError.contains("nginx ended"))
        let areGone = try await eventually { !processes.contains(where: \.isRunning) && SocketAddress.loopback(server.port).isFree }
        #expect(areGone)
    }

    @Test("a restarted responder does not recreate a missing data directory, and continues when it is back")
    func dataGone() async throws {
        try await Server.run(.nginx) { server in
            let (data, away) = (server.dataDirectory, server.home.path + "/away")
            let header = ["Idempotency-Key: once"]
            let first = try await server.chat("Hello", session: "a", headers: header)
            #expect(rename(data, away) == 0)
            expectStorageUnavailable(try await server.chat("Hello", session: "a", headers: header))
            for responder in server.responders { kill(responder.processID, SIGKILL) }
            expectStorageUnavailable(try await server.chat("Hello", session: "a", headers: header))
            let health = try await server.send("GET", "/health")
            #expect(health.status == 200)
            #expect(!FileManager.default.fileExists(atPath: data))
            #expect(rename(away, data) == 0)
            let retry = try await server.chat("Hello", session: "a", headers: header)
            #expect(retry.status == 200 && retry.headers["idempotency-replayed"] == "true" && retry.body == first.body)
        }
    }

    @Test("a data directory whose name looks like an option is passed to the responder as a directory")
    func oddNames() async throws {
        let home = try TemporaryDirectory()
        let program = try Program(
            "sh", ["-c", "cd '\(home.path)' && exec '\(Nanobot.path)' fastcgi --supervise --socket unix:socket --data-dir=-x"],
            environment: Nanobot.environment(home))
        let isThere = try await eventually { FileManager.default.fileExists(atPath: home.path + "/-x/sessions") }
        #expect(isThere, "\(program.standardError)")
        program.send(SIGTERM)
        let outcome = try await program.outcome()
        #expect(outcome.status == 0, "\(outcome.standardError)")
    }

    @Test("the pause before a restart grows if the responder dies at once, and stays below a second")
    func pause() {
        var pause = RestartPause()
        let pauses = (1...7).map { _ in pause.next(after: .milliseconds(10)) }
        #expect(pauses == [50, 100, 200, 400, 800, 800, 800].map { .milliseconds($0) })
        #expect(pause.next(after: .seconds(2)) == .milliseconds(50))
    }
}
