import Access
import Concurrency
import Configuration
import Glibc
import HTTPClient
import Models
import SystemPackage
import Testing

@testable import Doctor

@Suite("The doctor on a host")
struct DoctorTests {
    private func hostDiagnostics(_ environment: [String: String], upstreams: [UpstreamModel.Route]? = []) async throws -> [Diagnostic] {
        let engine = TransferEngine()
        defer { engine.stop() }
        let scratch = try TemporaryDirectory()
        // This host's own file is not read.
        let file = try scratch.file("config.json", "{}").string
        let configuration = try Configuration(environment: ["NANOBOT_CONFIG": file].merging(environment) { $1 })
        let found = Mutex<[Diagnostic]>([])
        try await Doctor(configuration, upstreams: upstreams, engine: engine).checkHost { diagnostics in
            found.withLock { $0 += diagnostics }
        }
        return found.withLock(\.self)
    }

    @Test("the doctor finds nothing wrong with the defaults, and creates nothing")
    func healthy() async throws {
        let home = try TemporaryDirectory()
        let found = try await hostDiagnostics(["HOME": home.path.string])
        #expect(found.first == .ok("configuration: every setting makes sense"))
        #expect(found.last == .ok("upstream: none is configured; the built-in model answers"))
        #expect(found.contains { $0.text.hasPrefix("data directory:") })
        #expect(!found.contains { $0.level == .problem })
        #expect(try home.names() == [])
    }

    @Test("the doctor names every setting that the program would refuse, and goes on")
    func settings() async throws {
        let home = try TemporaryDirectory()
        let environment = [
            "HOME": home.path.string, "NANOBOT_LIMITS_CONNECTIONS": "7", "NANOBOT_MODELS": "[", "NANOBOT_UPSTREAM_FALLBACKS": "[]",
        ]
        let found = try await hostDiagnostics(environment, upstreams: nil)
        let problems = found.filter { $0.level == .problem }.map(\.text)
        #expect(
            problems == [
                "configuration: models must be JSON: it ends in the middle of line 1.",
                "configuration: limits.connections must be a whole number from 8 to 65536; NANOBOT_LIMITS_CONNECTIONS says \"7\".",
                "configuration: upstream.fallbacks needs upstream.url: the upstream that they stand in for.",
            ])
        #expect(found.contains { $0.text.hasPrefix("data directory:") })
        #expect(!found.contains { $0.text.hasPrefix("upstream:") })
    }

    @Test("the doctor tells how many API keys there are, and warns if none protects an upstream's key")
    func apiKeys() async throws {
        let home = try TemporaryDirectory()
        func found(_ environment: [String: String] = [:]) async throws -> Diagnostic? {
            let all = try await hostDiagnostics(["HOME": home.path.string].merging(environment) { $1 })
            return all.first { $0.text.hasPrefix("API keys:") }
        }
        #expect(try await found()?.level == .ok)
        #expect(try await found(["NANOBOT_AUTH_REQUIRED": "true"])?.level == .warning)
        let upstream = ["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_KEY": "sk-secret"]
        let open = try #require(try await found(upstream))
        #expect(open.level == .warning && open.text.contains("spends the upstream's key") && !open.lines.contains("sk-secret"))
        let file = KeyFile(home.path.appending("keys.json"))
        try file.change { _ throws(KeyFileError) in }
        let named = upstream.merging(["NANOBOT_AUTH_KEYS_FILE": file.path.string]) { $1 }
        #expect(try await found(named) == .ok("API keys: 0 in \(file.path)"))
        let given = named.merging(["NANOBOT_AUTH_KEYS": #"[{"name":"a","key":"0123456789abcdef"}]"#]) { $1 }
        #expect(try await found(given)?.text.contains("the next start") == true)
        try file.takeOver(try #require(try Configuration(environment: given.merging(["HOME": home.path.string]) { $1 })[.givenKeys]))
        let reminder = try #require(try await found(given))
        #expect(reminder.level == .warning && reminder.text.contains("still stand in clear") && !reminder.lines.contains("0123456789"))
        #expect(file.path.withPlatformString { chmod($0, 0o644) } == 0)
        #expect(try await found(named)?.level == .problem)
    }

    @Test("the doctor warns of a file with keys that other users may read", arguments: [(0o644, true), (0o640, true), (0o600, false)])
    func openFile(mode: Int, isOpen: Bool) async throws {
        let home = try TemporaryDirectory()
        let file = try home.file("config.json", #"{"upstream":{"url":"http://a","key":"sk-secret"}}"#, mode: mode)
        let found = try await hostDiagnostics(["HOME": home.path.string, "NANOBOT_CONFIG": file.string])
        let warnings = found.filter { $0.level == .warning && $0.text.hasPrefix("configuration:") }
        #expect(warnings.map(\.fix) == (isOpen ? [["chmod 600 \(file)"]] : []))
        #expect(!found.contains { $0.lines.contains("sk-secret") })
    }

    @Test("the doctor ends with the error that its report closure throws")
    func report() async throws {
        struct Closed: Error {}
        let engine = TransferEngine()
        defer { engine.stop() }
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("config.json", "{}").string
        let doctor = Doctor(try Configuration(file: file, environment: [:]), upstreams: [], engine: engine)
        await #expect(throws: Closed.self) { try await doctor.checkHost { _ in throw Closed() } }
    }
}
