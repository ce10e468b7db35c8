import Chat
import Foundation
import CGI
import Models
import Testing

@testable import Sessions

@Suite("Summaries of old turns")
struct SummaryTests {
    private func api(_ model: any ChatModel, in directory: DataDirectory? = nil) throws -> API {
        try API(model, in: directory) { $0.window = ContextLimits(maxTurns: 4, summarizes: true) }
    }

    /// What a model was asked for a summary.
    private func requests(_ model: ScriptedModel) async -> [String] {
        await model.prompts.filter { $0.history.isEmpty && $0.turn[0].content.hasPrefix("Summarize") }.map { $0.turn[0].content }
    }

    @Test("the model that answers also summarizes, without the request's parameters, and then sees the summary")
    func summary() async throws {
        let model = ScriptedModel { "Answer \($0)" }
        let api = try api(model)
        for number in 1...5 { _ = await api.chat("Question \(number)") }
        let body = #"{"model":"m","temperature":0.5,"messages":[{"role":"system","content":"Rhyme."},{"role":"user","content":"Six"}]}"#
        let response = await api.send("POST", "/v1/chat/completions", body: body)
        // The sixth request was for the summary.
        #expect(response.answer == "Answer 7")
        let prompts = await model.prompts
        #expect(prompts[5].instructions == [] && prompts[5].parameters.isEmpty)
        #expect(
            prompts[5].turn[0].content.hasSuffix(
                "\n\nuser: Question 1\n\nassistant: Answer 1\n\nuser: Question 2\n\nassistant: Answer 2\n\nuser: Question 3\n\nassistant: Answer 3"
            ))
        #expect(
            prompts[6].messages.map(\.content) == [
                "Rhyme.", "Summary of our conversation so far:\nAnswer 6", "Understood.", "Question 4", "Answer 4", "Question 5",
                "Answer 5",
                "Six",
            ])
        let summary = try await api.sessions.summary(of: SessionKey("a"))
        #expect(summary.turnCount == 6 && summary.usage.completionTokens == 14)
        // A turn's usage is what the client pays for.
        #expect(response.text.contains(#""completion_tokens":2"#))
    }

    @Test(
        "if no summary can be made, the turn is answered with the whole history, and the next turn tries again",
        arguments: [ModelError(.failed, "no"), ModelError(.refused(status: 400), "no"), ModelError(.timedOut, "no"), nil])
    func failure(error: ModelError?) async throws {
        let model = ScriptedModel { number in
            guard number == 6 || number == 8 else { return "Answer" }
            if let error { throw error }
            return ""
        }
        let api = try api(model)
        for number in 1...7 { #expect(await api.chat("\(number)").answer == "Answer") }
        #expect(await model.lastHistory == (1...6).map { "\($0)" })
        _ = await api.chat("8")
        #expect(await requests(model).count == 3)
        #expect(await model.lastHistory == ["Summary of our conversation so far:\nAnswer", "6", "7"])
    }

    @Test("a client that leaves while a summary is made ends its turn")
    func cancelled() async throws {
        let model = ScriptedModel { number in
            if number == 6 { throw ModelError(.cancelled, "gone") }
            return "Answer"
        }
        let api = try api(model)
        for number in 1...6 { _ = await api.chat("\(number)") }
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 5)
        #expect(await model.count == 6)
    }

    @Test("a retry makes no second summary")
    func retry() async throws {
        let model = ScriptedModel()
        let api = try api(model)
        for number in 1...6 { _ = await api.chat("\(number)", headers: ["idempotency-key": "\(number)"]) }
        let count = await model.count
        let response = await api.chat("6", headers: ["idempotency-key": "6"])
        #expect(response.header("idempotency-replayed") == "true")
        #expect(await model.count == count)
    }

    @Test("a turn that is not stored makes no summary; readonly sees the existing one")
    func modes() async throws {
        let model = ScriptedModel()
        let api = try api(model)
        for number in 1...5 { _ = await api.chat("\(number)") }
        for (mode, seen) in [("readonly", (1...5).map { "\($0)" }), ("ephemeral", [])] {
            _ = await api.chat("x", headers: ["x-session-mode": mode])
            #expect(await model.lastHistory == seen)
        }
        #expect(await requests(model).isEmpty)
        _ = await api.chat("6")
        _ = await api.chat("x", headers: ["x-session-mode": "readonly"])
        #expect(await model.lastHistory == ["Summary of our conversation so far:\nAnswer 8", "4", "5", "6"])
    }

    @Test("pictures, tool calls, tool results and refusals reach the model that summarizes")
    func kinds() async throws {
        let call = Message.ToolCall.make("call_1", name: "weather", arguments: #"{"city":"Oslo"}"#)
        let model = ScriptedModel(completions: [.make(calls: [call]), .make("Cold."), .make(refusal: "I will not."), .make("Fine.")])
        let api = try api(model)
        let picture = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0="}}"#
        for message in [
            #"{"role":"user","content":[{"type":"text","text":"Here?"},\#(picture)]}"#,
            #"{"role":"tool","tool_call_id":"call_1","content":"-5 °C"}"#, #"{"role":"user","content":"Swear"}"#,
            #"{"role":"user","content":"4"}"#, #"{"role":"user","content":"5"}"#, #"{"role":"user","content":"6"}"#,
        ] {
            #expect(await api.send("POST", "/v1/chat/completions", body: #"{"messages":[\#(message)]}"#).status == 200)
        }
        let told = [
            "user: Here? [picture]", #"assistant:  [calls weather with {"city":"Oslo"}]"#, "tool: -5 °C", "assistant: Cold.", "user: Swear",
            "assistant: I will not.",
        ]
        #expect(await requests(model).first?.hasSuffix(told.joined(separator: "\n\n")) == true)
    }

    @Test("no summary is made if nothing can be stored")
    func unstored() async throws {
        let model = ScriptedModel()
        let directory = try DataDirectory()
        let first = try api(model, in: directory)
        for number in 1...5 { _ = await first.chat("\(number)") }
        let full = try API(model, in: directory) {
            $0.window = ContextLimits(maxTurns: 4, summarizes: true)
            $0.minimumFreeBytes = .max
        }
        expectError(await full.chat("6"), 507, "storage_full")
        #expect(await model.count == 5)
    }
}
