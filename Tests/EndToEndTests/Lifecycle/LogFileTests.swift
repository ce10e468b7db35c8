import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("The log's file")
struct LogFileTests {
    private func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }

    /// Runs a supervised responder behind nobody, with settings in a file.
    private func run(_ settings: String, _ body: (Program, TemporaryDirectory) async throws -> Void) async throws {
        let home = try TemporaryDirectory()
        _ = try home.file("config.json", settings.replacingOccurrences(of: "HOME", with: home.path).utf8)
        let program = try Program(
            Nanobot.path,
            ["fastcgi", "--supervise", "--socket", "unix:\(home.path)/socket", "--config", home.path + "/config.json"],
            environment: Nanobot.environment(home))
        do { try await body(program, home) } catch {
            program.send(SIGTERM)
            throw error
        }
        program.send(SIGTERM)
        let outcome = try await program.outcome()
        #expect(outcome.status == 0, "\(outcome.standardError)")
    }

    @Test("SIGHUP opens it anew in every process, reads the settings, and leaves the old ones in force if the new ones are wrong")
    func rotation() async throws {
        try await run(#"{"log":{"file":"HOME/log"},"dataDir":"HOME/data"}"#) { program, home in
            let log = home.path + "/log"
            let serves = try await eventually { text(log).contains("the API is open") }
            #expect(serves, "\(program.standardError)")
            #expect(try FileManager.default.attributesOfItem(atPath: log)[.posixPermissions] as? Int == 0o600)

            try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
            _ = try home.file("config.json", #"{"log":{"file":"\#(log)"},"dataDir":"\#(home.path)/data","workers":0}"#.utf8)
            program.send(SIGHUP)
            let isRefused = try await eventually { text(log).contains("The settings from before stay in force.") }
            #expect(isRefused && text(log).contains("workers") && !text(log + ".1").contains("workers"))

            _ = try home.file("config.json", #"{"log":{"file":"\#(log).2"},"dataDir":"\#(home.path)/data"}"#.utf8)
            program.send(SIGHUP)
            let isReloaded = try await eventually { text(log + ".2").contains("Reloaded: process") }
            #expect(isReloaded && text(log + ".2").contains("the API is open"), "\(text(log + ".2"))")
            // Only the line of the first start went to standard error.
            #expect(!program.standardError.contains("the API is open"))
        }
    }

    @Test("of many SIGHUPs at once none kills a process, and the last settings count")
    func burst() async throws {
        try await run(#"{"log":{"file":"HOME/log","level":"info"},"dataDir":"HOME/data"}"#) { program, home in
            let log = home.path + "/log"
            let serves = try await eventually { text(log).contains("the API is open") }
            #expect(serves)
            for number in 1...20 {
                let settings = #"{"log":{"file":"\#(log).\#(number)"},"dataDir":"\#(home.path)/data"}"#
                try Data(settings.utf8).write(to: URL(fileURLWithPath: home.path + "/config.json"), options: .atomic)
                program.send(SIGHUP)
            }
            let isLast = try await eventually { text(log + ".20").contains("Reloaded: process") }
            #expect(isLast)
            let all = ([log] + (1...20).map { "\(log).\($0)" }).map(text).joined()
            #expect(!all.contains("was ended by signal") && !all.contains("cannot be"), "\(all)")
        }
    }

    @Test("why a new responder cannot start is in it, and the old one goes on; after a crash what can serve does")
    func refusedKeys() async throws {
        let home = try TemporaryDirectory()
        func settings(_ name: String) -> String {
            #"{"log":{"file":"\#(home.path)/log"},"auth":{"keys":[{"name":"\#(name)","key":"0123456789abcdef"}]}}"#
        }
        let (file, log) = (try home.file("config.json", settings("a").utf8), home.path + "/log")
        let key = ["x-api-key: 0123456789abcdef"]
        try await Server.run(.nginx, home: home, environment: ["NANOBOT_CONFIG": file]) { server in
            _ = try home.file("config.json", settings("b").utf8)
            server.program.send(SIGUSR2)
            let isSaid = try await eventually { text(log).contains("the old one goes on") }
            #expect(isSaid && text(log).contains("one secret for two keys"), "\(text(log))")
            #expect(try await server.send("GET", "/v1/models", headers: key).status == 200)
            for responder in server.responders { kill(responder.processID, SIGKILL) }
            let isBack = try await eventually { try await server.send("GET", "/v1/models", headers: key).status == 200 }
            #expect(isBack && text(log).components(separatedBy: "is started again in").count == 2, "\(text(log))")
        }
    }

    @Test("the line of a crash is in it")
    func crash() async throws {
        try await run(#"{"log":{"file":"HOME/log","format":"json"},"dataDir":"HOME/data"}"#) { program, home in
            let log = home.path + "/log"
            let serves = try await eventually { text(log).contains("the API is open") }
            #expect(serves)
            for responder in OtherProcess.responders(below: program.processID) { kill(responder.processID, SIGSEGV) }
            let isReported = try await eventually { text(log).contains("Crashed by SIGSEGV") && text(log).contains("is started again in") }
            #expect(isReported, "\(text(log))")
            #expect(text(log).split(separator: "\n").allSatisfy { (try? JSON(Array($0.utf8))) != nil })
        }
    }

    @Test("a responder without a supervisor and without a terminal opens it anew, and goes on")
    func unsupervised() async throws {
        let home = try TemporaryDirectory()
        let log = home.path + "/log"
        // setsid: without the terminal that the tests may have.
        let program = try Program(
            "/usr/bin/setsid", ["--wait", Nanobot.path, "fastcgi", "--socket", "unix:\(home.path)/socket"],
            environment: Nanobot.environment(home).merging(["NANOBOT_LOG_FILE": log]) { $1 })
        let serves = try await eventually { text(log).contains("Listening on") }
        #expect(serves, "\(program.standardError)")
        try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
        let responder = OtherProcess.descendants(of: program.processID).first ?? OtherProcess(processID: program.processID)
        kill(responder.processID, SIGHUP)
        let isSaid = try await eventually { text(log).contains("is opened anew") }
        #expect(isSaid && responder.isRunning)
        kill(responder.processID, SIGTERM)
        #expect(try await program.outcome().status == 0)
    }

    @Test("a file that cannot be opened stops the start, with a sentence")
    func unwritable() async throws {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(
            Nanobot.path, ["fastcgi", "--socket", "unix:\(home.path)/socket"],
            environment: Nanobot.environment(home).merging(["NANOBOT_LOG_FILE": home.path + "/missing/log"]) { $1 })
        #expect(outcome.status == 1 && outcome.standardError.contains("Choose another file with log.file"), "\(outcome.standardError)")
    }
}
