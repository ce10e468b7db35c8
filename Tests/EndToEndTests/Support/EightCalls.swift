import Foundation
import Testing

/// Makes the eight calls of the first contract and checks their answers.
///
/// - Parameter streams: whether the setting `stream` is on.
func expectEightCalls(_ server: Server, streams: Bool = false) async throws {
    let (alice, bob) = ("wx:dm:user_alice", "wx:dm:user_bob")
    let first = try await server.chat("Hello, who are you?", session: alice)
    expectCompletion(first)

    let second = try await server.chat("What did I just ask you?", session: alice)
    expectCompletion(second)
    #expect(second.answer.contains("Hello, who are you?"))

    let third = try await server.chat("What did I just ask you?", session: bob)
    expectCompletion(third)
    #expect(!third.answer.contains("Hello"))
    #expect(third.answer.contains("not asked"), "\(third.answer)")

    let fourth = try await server.chat("Summarize our discussion", session: "wx:group:group_abc:user:user_alice")
    expectCompletion(fourth)
    #expect(!fourth.answer.contains("Hello, who are you?"))

    let models = try await server.send("GET", "/v1/models")
    #expect(models.status == 200)
    let created = try #require(models.json["data"][0]["created"]?.number)
    #expect(
        models.json
            == .object([
                "object": .string("list"),
                "data": .array([
                    .object([
                        "id": .string("nanobot"), "object": .string("model"), "created": .number(created),
                        "owned_by": .string("nanobot"),
                    ])
                ]),
            ]))
    #expect(abs(created - Date().timeIntervalSince1970) < 600)

    let health = try await server.send("GET", "/health")
    #expect(health.status == 200)
    #expect(health.json == .object(["status": .string("ok")]))

    let keyless = try await server.post(Server.body("Hello"), session: nil)
    expectError(keyless, 400, "missing_session_key")
    #expect(keyless.json["error"]["message"] == .string("Missing required header: x-session-key"))

    let stream = try await server.post(
        #"{"model":"nanobot","stream":true,"messages":[{"role":"user","content":"Hello"}]}"#.utf8, session: alice)
    guard !streams else {
        #expect(stream.status == 200 && String(decoding: stream.body, as: UTF8.self).hasSuffix("data: [DONE]\n\n"))
        return
    }
    expectError(stream, 400, "stream_unsupported", param: "stream")
    #expect(stream.json["error"]["message"]?.text?.hasPrefix("stream=true is not supported yet") == true)
}

/// Every field of a completion, and no other.
private func expectCompletion(_ response: HTTPResponse, sourceLocation: SourceLocation = #_sourceLocation) {
    let json = response.json
    #expect(response.status == 200, sourceLocation: sourceLocation)
    #expect(response.headers["x-request-id"]?.isEmpty == false, sourceLocation: sourceLocation)
    #expect(json?.keys == ["id", "object", "created", "model", "choices", "usage"], sourceLocation: sourceLocation)
    #expect(json["id"]?.text?.hasPrefix("chatcmpl-") == true, sourceLocation: sourceLocation)
    #expect(json["object"] == .string("chat.completion"), sourceLocation: sourceLocation)
    #expect(abs((json["created"]?.number ?? 0) - Date().timeIntervalSince1970) < 600, sourceLocation: sourceLocation)
    #expect(json["model"] == .string("nanobot"), sourceLocation: sourceLocation)

    #expect(json["choices"]?.elements.count == 1, sourceLocation: sourceLocation)
    let choice = json["choices"][0]
    #expect(choice?.keys == ["index", "message", "logprobs", "finish_reason"], sourceLocation: sourceLocation)
    #expect(choice["index"] == .number(0), sourceLocation: sourceLocation)
    #expect(choice["logprobs"] == .null, sourceLocation: sourceLocation)
    #expect(choice["finish_reason"] == .string("stop"), sourceLocation: sourceLocation)
    #expect(choice["message"]?.keys == ["role", "content", "refusal", "annotations"], sourceLocation: sourceLocation)
    #expect(choice["message"]["role"] == .string("assistant"), sourceLocation: sourceLocation)
    #expect(choice["message"]["refusal"] == .null, sourceLocation: sourceLocation)
    #expect(choice["message"]["annotations"] == .array([]), sourceLocation: sourceLocation)
    #expect(!response.answer.isEmpty, sourceLocation: sourceLocation)

    let usage = json["usage"]
    #expect(usage?.keys == ["prompt_tokens", "completion_tokens", "total_tokens"], sourceLocation: sourceLocation)
    let numbers = ["prompt_tokens", "completion_tokens", "total_tokens"].map { usage[$0]?.number ?? -1 }
    #expect(numbers[0] > 0 && numbers[1] > 0 && numbers[0] + numbers[1] == numbers[2], "\(numbers)", sourceLocation: sourceLocation)
}
