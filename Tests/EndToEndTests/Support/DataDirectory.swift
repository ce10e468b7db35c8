import Foundation
import Harness

/// A data directory that no responder serves, and a shell beside it in which `$sessions COMMAND $data` works.
struct DataDirectory {
    let home: TemporaryDirectory

    init() throws {
        home = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: home.path + "/data/sessions", withIntermediateDirectories: true)
    }

    /// A session file as Sources/Sessions/FORMAT.md describes it.
    func add(_ key: String, name: String? = nil, answer: String = "Hi") throws {
        let lines = [
            #"{"format":"nanobot-session/1","key":"\#(key)","created_at":"2026-11-23T09:00:00Z","turns":["#,
            #"{"id":"turn-1","at":"2026-11-23T09:00:00Z","messages":[{"role":"user","content":"Hello"},"#
                + #"{"role":"assistant","content":"\#(answer)"}],"model":"nanobot","finish_reason":"stop","#
                + #""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2},"#
                + #""request":{"id":"req-1","idempotency_key":null,"body_sha256":"00"}}"#,
            "]}\n",
        ]
        _ = try home.file("data/sessions/\(name ?? key).json", Array(lines.joined(separator: "\n").utf8))
    }

    func bytes(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: home.path + "/" + path).map { Array($0) } }

    func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: home.path + "/" + directory).sorted()
    }

    func shell(_ script: String) async throws -> (status: Int, output: String, error: String) {
        var environment = Nanobot.environment(home)
        environment["sessions"] = Nanobot.path + " sessions"
        environment["data"] = "--data-dir \(home.path)/data"
        let outcome = try await Program.run("bash", ["-c", "cd '\(home.path)'\n" + script], environment: environment)
        return (outcome.status, String(decoding: outcome.standardOutput, as: UTF8.self), outcome.standardError)
    }

    /// Runs a session command on a terminal (script(1)), on which `input` is typed. Its output is what the terminal shows.
    func terminal(_ command: String, input: String = "") async throws -> (status: Int, output: String) {
        let result = try await shell("printf '%s' '\(input)' | script -qec \"$sessions \(command) $data\" /dev/null")
        return (result.status, result.output.replacing("\r\n", with: "\n"))
    }
}
