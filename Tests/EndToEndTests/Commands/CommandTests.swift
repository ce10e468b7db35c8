import Harness
import Testing

@Suite("Commands that only print")
struct CommandTests {
    private func output(_ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(
            Nanobot.path, arguments, environment: Nanobot.environment(home).merging(environment) { $1 })
        #expect(outcome.status == 0)
        #expect(outcome.standardError == "")
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    @Test("--version prints a version")
    func version() async throws {
        #expect(try await output(["--version"]).wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    @Test("--help lists the commands, as does the program without arguments", arguments: [["--help"], []])
    func help(arguments: [String]) async throws {
        let text = try await output(arguments)
        for command in ["serve", "fastcgi", "config", "doctor"] { #expect(text.contains(command)) }
    }

    @Test("config prints each value and where it came from")
    func config() async throws {
        let text = try await output(["config", "--data-dir", "/somewhere"], environment: ["NANOBOT_WORKERS": "7"])
        #expect(text.contains("dataDir = /somewhere\n    where sessions live; $HOME/.nanobot/data if not set; from option"))
        #expect(text.contains("workers = 7\n    worker threads; from NANOBOT_WORKERS"))
        #expect(text.contains("durability = sync\n"))
    }
}
