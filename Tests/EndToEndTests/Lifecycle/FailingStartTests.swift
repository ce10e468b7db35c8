import Foundation
import Glibc
import Harness
import Testing

@Suite("Starts that fail")
struct FailingStartTests {
    /// Runs `nanobot serve` and checks that it ends with one sentence and leaves nothing behind.
    private func expectFailure(
        _ arguments: [String], environment: [String: String] = [:], home: TemporaryDirectory, says parts: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await Program.run(
            Nanobot.path, ["serve"] + arguments, environment: Nanobot.environment(home).merging(environment) { $1 })
        let message = outcome.standardError
        #expect(outcome.status == 1, sourceLocation: sourceLocation)
        #expect(outcome.standardOutput.isEmpty, sourceLocation: sourceLocation)
        #expect(message.hasPrefix("nanobot: ") && message.hasSuffix(".\n"), "\(message)", sourceLocation: sourceLocation)
        #expect(message.split(separator: "\n").count == 1, "\(message)", sourceLocation: sourceLocation)
        for part in parts { #expect(message.contains(part), "\(message)", sourceLocation: sourceLocation) }
        #expect(try Nanobot.runtimeDirectories(in: home) == [], sourceLocation: sourceLocation)
    }

    @Test("a port in use is named, and the message asks for another")
    func portInUse() async throws {
        let (home, port) = (try TemporaryDirectory(), try Port.reserve())
        let listening = try #require(SocketAddress.loopback(port).listening())
        defer { close(listening) }
        try await expectFailure(["--port", "\(port)"], home: home, says: ["\(port)", "in use", "--port"])
        #expect(!FileManager.default.fileExists(atPath: home.path + "/.nanobot"))
    }

    @Test("a data directory that cannot be created is named, and the message asks for another")
    func dataDirectory() async throws {
        let home = try TemporaryDirectory()
        let file = try home.file("file", [])
        try await expectFailure(["--port", "\(try Port.reserve())", "--data-dir", file + "/data"], home: home, says: [file, "--data-dir"])
    }

    @Test("a host that other machines reach is refused", arguments: ["0.0.0.0", "192.0.2.1", "example.com", "::1"])
    func host(host: String) async throws {
        let home = try TemporaryDirectory()
        try await expectFailure(
            ["--port", "\(try Port.reserve())", "--host", host], home: home, says: [host, "loopback", "--host"])
        #expect(!FileManager.default.fileExists(atPath: home.path + "/.nanobot"))
    }

    @Test("with API keys, other machines may reach it")
    func hostWithKeys() async throws {
        let home = try TemporaryDirectory()
        let key = ["NANOBOT_AUTH_KEYS": #"[{"name":"a","key":"0123456789abcdef"}]"#]
        // An address for documentation (RFC 5737), which no machine has.
        let arguments = ["--port", "\(try Port.reserve())", "--host", "192.0.2.1"]
        try await expectFailure(arguments, environment: key, home: home, says: ["cannot be used", "Cannot assign"])
    }

    @Test("an unknown key in the configuration is named with the nearest known one")
    func unknownKey() async throws {
        let home = try TemporaryDirectory()
        let file = try home.file("config.json", #"{"model":{"nmae":"x"}}"#.utf8)
        try await expectFailure(
            ["--port", "\(try Port.reserve())", "--config", file], home: home, says: [file, #""model.nmae""#, #""model.name""#])
    }

    @Test("a configuration file that is missing or not JSON is named", arguments: [nil, "x", "[1]"])
    func configurationFile(text: String?) async throws {
        let home = try TemporaryDirectory()
        let file = home.path + "/config.json"
        if let text { _ = try home.file("config.json", text.utf8) }
        try await expectFailure(["--port", "\(try Port.reserve())", "--config", file], home: home, says: [file])
    }

    @Test("an invalid setting is named with its source", arguments: ["x", "0", "-1", ""])
    func setting(value: String) async throws {
        try await expectFailure(
            ["--port", "\(try Port.reserve())"], environment: ["NANOBOT_WORKERS": value], home: try TemporaryDirectory(),
            says: ["workers", "NANOBOT_WORKERS", "\"\(value)\"", "from 1 to 256"])
    }

    @Test(
        "an invalid setting of streaming is named",
        arguments: [
            ("NANOBOT_STREAM", "yes", "true or false"), ("NANOBOT_ON_DISCONNECT", "stop", "finish or cancel"),
            ("NANOBOT_HEARTBEAT_AFTER", "0", "from 1 to 86400"),
        ])
    func streamSetting(variable: String, value: String, expectation: String) async throws {
        try await expectFailure(
            ["--port", "\(try Port.reserve())"], environment: [variable: value], home: try TemporaryDirectory(),
            says: [variable, "\"\(value)\"", expectation])
    }

    @Test(
        "a bad option is named, and the message points to --help",
        arguments: [["--prot", "1"], ["--port", "x"], ["--port", "0"], ["--web-server", "iis"]])
    func option(arguments: [String]) async throws {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(Nanobot.path, ["serve"] + arguments, environment: Nanobot.environment(home))
        #expect(outcome.status == 64)
        #expect(outcome.standardError.hasPrefix("Error: "))
        #expect(outcome.standardError.split(separator: "\n").first?.contains(arguments[0]) == true)
        #expect(outcome.standardError.contains("--help"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [])
    }

    @Test("a web server that does not start is named")
    func brokenWebServer() async throws {
        let home = try TemporaryDirectory()
        // A link, not a script written here: a descriptor that another test's process inherited would keep it from being executed (ETXTBSY).
        try FileManager.default.createSymbolicLink(atPath: home.path + "/nginx", withDestinationPath: "/bin/false")
        let path = home.path + ":" + (Program.environment["PATH"] ?? "")
        try await expectFailure(
            // On a slow machine the responder has said meanwhile that the API is open.
            ["--port", "\(try Port.reserve())", "--web-server", "nginx"], environment: ["PATH": path, "NANOBOT_LOG_LEVEL": "error"],
            home: home,
            says: ["nginx did not start"])
    }
}
