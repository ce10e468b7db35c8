import Foundation
import Harness
import Testing

@Suite("Upstreams in the configuration")
struct UpstreamConfigurationTests {
    private func run(
        _ arguments: [String], environment: [String: String] = [:], file: String? = nil
    ) async throws -> (status: Int, output: String, error: String) {
        let home = try TemporaryDirectory()
        var arguments = arguments
        if let file {
            try file.write(toFile: home.path + "/config.json", atomically: true, encoding: .utf8)
            arguments += ["--config", home.path + "/config.json"]
        }
        let outcome = try await Program.run(
            Nanobot.path, arguments, environment: Nanobot.environment(home).merging(environment) { $1 })
        return (outcome.status, String(decoding: outcome.standardOutput, as: UTF8.self), outcome.standardError)
    }

    @Test("config shows upstreams of the file and the environment without keys and passwords")
    func shown() async throws {
        let fallbacks = #"[{"url":"https://me:hunter2@b.example/v1","key":"sk-2","model":"m"}]"#
        let models = #"{"fast":{"upstream":{"url":"http://c.example","key":"sk-3","retries":0},"system":"Be \"brief\""}}"#
        let file = """
            {"upstream":{"url":"https://me:hunter2@a.example/v1","key":"sk-1","timeout":30,"fallbacks":\(fallbacks)},"models":\(models)}
            """
        let environment = [
            "NANOBOT_UPSTREAM_URL": "https://me:hunter2@a.example/v1", "NANOBOT_UPSTREAM_KEY": "sk-1", "NANOBOT_UPSTREAM_TIMEOUT": "30",
            "NANOBOT_UPSTREAM_FALLBACKS": fallbacks, "NANOBOT_MODELS": models,
        ]
        for outcome in [try await run(["config"], file: file), try await run(["config"], environment: environment)] {
            #expect(outcome.status == 0)
            for line in [
                "upstream.url = https://a.example/v1", "upstream.key = ****", "upstream.timeout = 30",
                #"upstream.fallbacks = [{"url":"https://b.example/v1","key":"****","model":"m"}]"#,
                #"models = {"fast":{"upstream":{"url":"http://c.example","key":"****","retries":0},"system":"Be \"brief\""}}"#,
            ] {
                #expect(outcome.output.contains(line + "\n"), "\(line)")
            }
            #expect(!outcome.output.contains("hunter2") && !outcome.output.contains("sk-"))
        }
    }

    private static let mistakes: [(environment: [String: String], sentence: String)] = [
        (["NANOBOT_UPSTREAM_URL": "ftp://sk-1@a"], "upstream.url must be a URL such as https://api.openai.com/v1"),
        (["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_KEY": "sk-1\nx"], "upstream.key must be one word"),
        (["NANOBOT_UPSTREAM_TIMEOUT": "soon"], "upstream.timeout must be a whole number from 1 to 86400"),
        (["NANOBOT_UPSTREAM_RETRIES": "-1"], "upstream.retries must be a whole number from 0 to 10"),
        (["NANOBOT_LIMITS_CONNECTIONS": "7"], "limits.connections must be a whole number from 8 to 65536"),
        (["NANOBOT_UPSTREAM_FALLBACKS": "[]"], "upstream.fallbacks needs upstream.url"),
        (
            ["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_FALLBACKS": #"{"key":"sk-1"}"#],
            "upstream.fallbacks must be a JSON array"
        ),
        (
            ["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_FALLBACKS": #"[{"key":"sk-1"}]"#],
            "upstream.fallbacks[0] must have a url"
        ),
        (
            ["NANOBOT_UPSTREAM_URL": "http://a", "NANOBOT_UPSTREAM_FALLBACKS": #"[{"url":"http://a","key":5}]"#],
            "upstream.fallbacks[0].key must be a text"
        ),
        (["NANOBOT_MODELS": "{"], "models must be JSON"),
        (["NANOBOT_MODELS": #"{"a":{"sytem":"x"}}"#], #"models.a has the unknown key "sytem"; it may have upstream, model, system"#),
        (["NANOBOT_MODELS": #"{"a":{"upstream":"sk-1"}}"#], "models.a.upstream must be a JSON object"),
        (
            ["NANOBOT_MODELS": #"{"a":{"upstream":{"url":"http://a","key":"sk-1","timeout":0}}}"#],
            "models.a.upstream.timeout must be a whole number"
        ),
    ]

    @Test("a mistake in an upstream's settings is one sentence that names the key and shows no secret", arguments: mistakes)
    func mistake(environment: [String: String], sentence: String) async throws {
        let outcome = try await run(["fastcgi", "--socket", "unix:/nonexistent/socket"], environment: environment)
        #expect(outcome.status != 0)
        #expect(outcome.error.hasPrefix("nanobot: \(sentence)"), "\(outcome.error)")
        #expect(outcome.error.split(separator: "\n").count == 1)
        #expect(!outcome.error.contains("sk-1"))
    }
}
