import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Starting and stopping")
struct LifecycleTests {
    @Test("serve says in one line where it listens, where its data is and how to stop it", arguments: Server.Kind.allCases)
    func oneLine(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            let lines = String(decoding: server.program.standardOutput, as: UTF8.self).split(separator: "\n")
            let line = try #require(lines.first)
            #expect(lines.count == 1)
            #expect(line.contains("http://127.0.0.1:\(server.port)"))
            #expect(line.contains(server.dataDirectory))
            #expect(line.contains("Ctrl-C") && line.contains("kill \(server.program.processID)"))
        }
    }

    @Test("a turn after a restart knows the turn before it", arguments: Server.Kind.allCases)
    func restart(kind: Server.Kind) async throws {
        let (home, port) = (try TemporaryDirectory(), try Port.reserve())
        let first = try await Server(kind, port: port, home: home)
        #expect(try await first.chat("Hello, who are you?", session: "wx:dm:user_alice").status == 200)
        try await first.stop()
        let second = try await Server(kind, port: port, home: home)
        #expect(try await second.chat("What did I just ask you?", session: "wx:dm:user_alice").answer.contains("Hello, who are you?"))
        try await second.stop()
    }

    @Test(
        "a signal to stop serve leaves no process, no directory and no socket", arguments: Server.Kind.allCases, [SIGTERM, SIGINT, SIGHUP])
    func cleanStop(kind: Server.Kind, signal: CInt) async throws {
        let server = try await Server(kind)
        let descendants = OtherProcess.descendants(of: server.program.processID)
        #expect(descendants.contains { $0.arguments.contains { $0.contains(kind.rawValue) } })
        #expect(try Nanobot.runtimeDirectories(in: server.home).count == 1)
        #expect(try await server.chat("Hello", session: "a").status == 200)
        try await server.stop(signal)
        #expect(descendants.filter(\.isRunning).isEmpty)
        #expect(try Nanobot.runtimeDirectories(in: server.home) == [])
        #expect(SocketAddress.loopback(server.port).isFree)
    }

    @Test("the runtime directory is private", arguments: Server.Kind.allCases)
    func privateDirectory(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            let name = try #require(try Nanobot.runtimeDirectories(in: server.home).first)
            #expect(try Server.mode("\(server.home.path)/\(name)") == 0o700)
        }
    }

    @Test("a killed serve takes its web server along, and the next start works at once and cleans up", arguments: Server.Kind.allCases)
    func killed(kind: Server.Kind) async throws {
        let (home, port) = (try TemporaryDirectory(), try Port.reserve())
        let first = try await Server(kind, port: port, home: home)
        #expect(try await first.chat("Is my hat blue?", session: "a").status == 200)
        let abandoned = try #require(try Nanobot.runtimeDirectories(in: home).first)
        let descendants = OtherProcess.descendants(of: first.program.processID)
        first.program.send(SIGKILL)
        _ = try await first.program.outcome()

        let second = try await Server(kind, port: port, home: home)
        #expect(try await eventually { !descendants.contains(where: \.isRunning) })
        let directories = try Nanobot.runtimeDirectories(in: home)
        #expect(directories.count == 1 && !directories.contains(abandoned))
        #expect(try await second.chat("What did I just ask you?", session: "a").answer.contains("Is my hat blue?"))
        try await second.stop()
    }

    @Test("serve removes no directory that it cannot prove to have made")
    func othersDirectories() async throws {
        let (home, files) = (try TemporaryDirectory(), FileManager.default)
        /// Runs a server, kills it, and gives the directory that it leaves.
        func abandoned() async throws -> String {
            let server = try await Server(.lighttpd, home: home)
            let names = try Nanobot.runtimeDirectories(in: home)
            let arguments = OtherProcess.descendants(of: server.program.processID).flatMap(\.arguments)
            server.program.send(SIGKILL)
            _ = try await server.program.outcome()
            return home.path + "/" + (try #require(names.first { name in arguments.contains { $0.contains(name) } }))
        }
        let backup = home.path + "/nanobot-backup"
        try files.createDirectory(atPath: backup, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        for name in ["lock", "precious.json"] { _ = try home.file("nanobot-backup/" + name, []) }
        let renamed = home.path + "/nanobot-kept12"
        try files.moveItem(atPath: try await abandoned(), toPath: renamed)
        let used = try await abandoned()
        _ = try home.file(used.dropFirst(home.path.count + 1) + "/notes", [])
        let last = try await abandoned()
        let copy = home.path + "/nanobot-copy12"
        #expect(try await Program.run("cp", ["-a", last, copy]).status == 0)
        for directory in [backup, renamed, used, copy] {
            #expect(try files.contentsOfDirectory(atPath: directory).contains("lock"), "\(directory)")
        }
        try await Server.run(.lighttpd, home: home) { _ in
            #expect(!files.fileExists(atPath: last))
            for directory in [renamed, used, copy] { #expect(files.fileExists(atPath: directory + "/responder.sock"), "\(directory)") }
            #expect(files.fileExists(atPath: backup + "/precious.json"))
        }
    }

    @Test("without XDG_RUNTIME_DIR the runtime directory is below /tmp, and serve removes it")
    func temporaryDirectory() async throws {
        let server = try await Server(.nginx, environment: ["XDG_RUNTIME_DIR": ""])
        let arguments = OtherProcess.descendants(of: server.program.processID).flatMap(\.arguments)
        let directory = arguments.flatMap { $0.split(separator: " ") }.first { $0.hasSuffix("/nginx.conf") }?.dropLast("/nginx.conf".count)
        #expect(directory?.hasPrefix("/tmp/nanobot-") == true)
        try await server.stop()
        #expect(!FileManager.default.fileExists(atPath: String(directory ?? "/tmp")))
    }

    @Test("serve ends with a sentence if its web server ends", arguments: Server.Kind.allCases)
    func webServerEnds(kind: Server.Kind) async throws {
        let server = try await Server(kind)
        let children = OtherProcess.descendants(of: server.program.processID)
        let child = try #require(children.first { $0.arguments.contains { $0.contains(kind.rawValue) } })
        kill(child.processID, SIGTERM)
        let outcome = try await server.program.outcome()
        #expect(outcome.status == 1)
        #expect(outcome.standardError.contains("nanobot: \(kind.rawValue) ended"))
        #expect(try Nanobot.runtimeDirectories(in: server.home) == [])
    }
}
