import Foundation
import Harness
import TestSupport
import Testing

@Suite("Upstreams that are asked by the Responses API")
struct ResponsesUpstreamTests {
    /// A site whose upstream is another one, with the built-in model.
    private func run(environment: [String: String] = [:], _ body: (_ server: Server, _ upstream: Server) async throws -> Void) async throws
    {
        try await Server.run(.nginx, environment: ["NANOBOT_STREAM": "true"].merging(environment) { $1 }) { upstream in
            let settings = [
                "NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(upstream.port)/v1", "NANOBOT_UPSTREAM_API": "responses",
                "NANOBOT_STREAM": "true", "NANOBOT_UPSTREAM_RETRIES": "0",
            ]
            try await Server.run(.lighttpd, environment: settings) { server in try await body(server, upstream) }
        }
    }

    private func ask(_ server: Server, _ text: String, streams: Bool = false) async throws -> HTTPResponse {
        let body = #"{"model":"m","stream":\#(streams),"messages":[{"role":"user","content":"\#(text)"}]}"#
        return try await server.post(body.utf8, session: "a")
    }

    @Test("the model remembers what was said in turns before, streamed or not, and the upstream keeps nothing")
    func memory() async throws {
        try await run { server, upstream in
            #expect(try await ask(server, "My name is Alice.").status == 200)
            #expect(try await ask(server, "I live in Paris.", streams: true).status == 200)
            let third = try await ask(server, "What is my name?")
            #expect(third.answer.contains("Alice"), "\(third.answer)")
            #expect(try #require(third.json["usage"]["prompt_tokens"]?.number) > 5)
            let fourth = try await ask(server, "Where do I live?", streams: true)
            let events = String(decoding: fourth.body, as: UTF8.self).components(separatedBy: "\n\n")
            try #require(events.suffix(2) == ["data: [DONE]", ""], "\(events)")
            let deltas = try events.dropLast(2).map {
                try JSON(Array($0.dropFirst("data: ".count).utf8))["choices"][0]["delta"]["content"]?.text
            }
            #expect(deltas.count > 3 && deltas.compactMap(\.self).joined().contains("Paris"), "\(events)")
            #expect(try server.session("a")["turns"]?.elements.count == 4)
            let log = upstream.program.standardError
            #expect(log.contains("/v1/responses") && !log.contains("/v1/chat/completions"), "\(log)")
            let kept = try? FileManager.default.subpathsOfDirectory(atPath: upstream.dataDirectory)
            #expect(kept?.contains { $0.hasSuffix(".json") } != true, "\(kept ?? [])")
        }
    }

    @Test("the client reads why the upstream refused, and what else went wrong is the operator's", arguments: [true, false])
    func errors(streams: Bool) async throws {
        try await run(environment: ["NANOBOT_LIMITS_BODY_BYTES": "2000"]) { server, _ in
            let refused = try await ask(server, String(repeating: "word ", count: 500), streams: streams)
            #expect(refused.status == 413 && refused.json["error"]["message"]?.text?.isEmpty == false, "\(refused)")
            #expect(try await ask(server, "Hello", streams: streams).status == 200)
        }
        try await run(environment: ["NANOBOT_AUTH_REQUIRED": "true"]) { server, _ in
            let failed = try await ask(server, "Hello", streams: streams)
            #expect(failed.status == 502 && failed.json["error"]["code"] == .string("upstream_error"), "\(failed)")
        }
    }
}
