import CGI
import Chat
import Concurrency
import Foundation
import Harness
import Models
import TestSupport
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON

@Suite("Responses in the background")
struct BackgroundTests {
    private static let workers = (try? WorkerPool(threads: 2)).map { BackgroundTasks(executor: $0) }

    private func api(_ model: any ChatModel, in directory: DataDirectory? = nil, over tasks: BackgroundTasks? = workers) throws -> API {
        try API(model, in: directory, background: tasks) { _ in
        } configure: {
            $0.streams = true
        }
    }

    private func status(_ api: API, _ id: String) async -> String {
        let response = await api.send("GET", "/v1/responses/\(id)", session: nil)
        return response.json.member("status")?.string ?? "\(response.status)"
    }

    private func ended(_ api: API, _ id: String) async throws -> String {
        #expect(try await eventually { !["queued", "in_progress"].contains(await status(api, id)) })
        return await status(api, id)
    }

    private func events(_ api: API, _ id: String, after number: Int? = nil) async -> String {
        let query = "stream=true" + (number.map { "&starting_after=\($0)" } ?? "")
        return await api.send("GET", "/v1/responses/\(id)?\(query)", session: nil).wholeText
    }

    /// The types of a stream's events.
    private func types(_ stream: String) -> [String] {
        stream.split(separator: "\n").filter { $0.hasPrefix("event: ") }.map { String($0.dropFirst(7)) }
    }

    @Test("a response is queued, runs, and is stored; its events can be had from any number on")
    func whole() async throws {
        let gate = Gate()
        let model = GatedModel(.say("Hel"), .wait(gate), .say("lo"))
        let api = try api(model)
        let response = await api.create(#""input":"one","background":true"#)
        #expect(response.status == 200 && response.json.member("status")?.string == "queued")
        #expect(try await eventually { await status(api, response.id) == "in_progress" })
        gate.open()
        #expect(try await ended(api, response.id) == "completed")
        let stored = await api.send("GET", "/v1/responses/\(response.id)", session: nil)
        #expect(stored.id == response.id && stored.outputText == "Hello" && stored.json.member("background") == true)
        let events = await self.events(api, response.id)
        let all = types(events)
        #expect(all.starts(with: ["response.created", "response.queued", "response.in_progress"]) && all.last == "response.completed")
        #expect(events.hasSuffix("data: [DONE]\n\n"))
        for number in [0, 3, all.count - 2, all.count - 1, all.count, Int.max] {
            let rest = await self.events(api, response.id, after: number)
            #expect(types(rest) == Array(all.dropFirst(number == .max ? number : number + 1)))
        }
        for number in ["-1", "x", "9223372036854775808"] {
            expectError(
                await api.send("GET", "/v1/responses/\(response.id)?starting_after=\(number)", session: nil), 400, "invalid_value",
                param: "starting_after")
        }
    }

    @Test("a client that leaves a stream takes it up again, in another process")
    func takenUp() async throws {
        let gate = Gate()
        let api = try api(GatedModel(.say("Hel"), .wait(gate), .say("lo")))
        let id = await api.create(#""input":"one","background":true"#).id
        let other = try self.api(ScriptedModel(), in: api.directory)
        let stream = Task { await events(other, id, after: 4) }
        gate.open()
        let rest = await stream.value
        #expect(types(rest).last == "response.completed" && !types(rest).contains("response.created"))
        #expect(await status(other, id) == "completed")
    }

    @Test("a response can be cancelled, from any process, and nothing of it is stored")
    func cancelled() async throws {
        let model = GatedModel(.say("Hel"), .waitForCancellation)
        let api = try api(model)
        let id = await api.create(#""input":"one","background":true"#).id
        let other = try self.api(ScriptedModel(), in: api.directory)
        let response = await other.send("POST", "/v1/responses/\(id)/cancel", session: nil)
        #expect(response.json.member("status")?.string == "cancelled")
        #expect(model.cancelled.isOpen)
        #expect(await api.send("POST", "/v1/responses/\(id)/cancel", session: nil).text == response.text)
        #expect(await status(api, id) == "cancelled")
        #expect(try api.directory.files.isEmpty)
        let stream = await events(api, id)
        #expect(stream.hasSuffix("data: [DONE]\n\n") && types(stream).last == "response.output_text.delta")
        #expect(await api.send("DELETE", "/v1/responses/\(id)", session: nil).status == 200)
        expectError(await api.send("GET", "/v1/responses/\(id)", session: nil), 404, "not_found")
    }

    @Test("one that has ended stays as it is when it is cancelled; one that was not in the background is refused")
    func tooLate() async throws {
        let api = try api(ScriptedModel())
        let id = await api.create(#""input":"one","background":true"#).id
        #expect(try await ended(api, id) == "completed")
        #expect(await api.send("POST", "/v1/responses/\(id)/cancel", session: nil).json.member("status")?.string == "completed")
        let plain = await api.create(#""input":"one""#).id
        expectError(await api.send("POST", "/v1/responses/\(plain)/cancel", session: nil), 400, "unsupported_value")
        expectError(await api.send("GET", "/v1/responses/\(plain)?stream=true", session: nil), 400, "unsupported_value", param: "stream")
    }

    @Test("a failure of the model is the response's, with the same events as in a stream")
    func failed() async throws {
        let api = try api(GatedModel(.say("Hel"), .fail(ModelError(.rateLimited, "no", clientMessage: "Slowly"))))
        let id = await api.create(#""input":"one","background":true"#).id
        #expect(try await ended(api, id) == "failed")
        let response = await api.send("GET", "/v1/responses/\(id)", session: nil)
        #expect(response.json.member("error") == ["code": "rate_limit_exceeded", "message": "Slowly"])
        #expect(types(await events(api, id)).suffix(2) == ["response.failed", "error"])
        #expect(try api.directory.files.isEmpty)
    }

    @Test("a response whose process is gone has failed")
    func abandoned() async throws {
        let api = try api(ScriptedModel())
        let key = UnnamedSession(owner: UnnamedSession.everybody).key
        let address = TurnAddress(turnID: "turn-" + String(repeating: "a", count: 24), time: 1_800_000_000, in: key)
        let object = ResponseObject(address: address, model: "m", settings: ["background": true])
        // The writer ends at once, as its process would.
        _ = try api.sessions.background.create(address.text, of: key, ResponseStream().queue(object))
        let response = await api.send("GET", "/v1/responses/\(address.responseID)", session: nil)
        #expect(response.json.member("status") == "failed")
        #expect(response.json.member("error")?.member("code") == "server_error")
        let stream = await events(api, address.responseID)
        #expect(types(stream) == ["response.created", "response.queued", "response.failed", "error"])
    }

    @Test(
        "what is wrong with a request is said at once",
        arguments: [
            (#""store":false"#, "unsupported_value", "background"),
            (#""previous_response_id":"resp_x""#, "previous_response_not_found", "previous_response_id"),
            (#""input":[{"type":"function_call_output","call_id":"x","output":""}]"#, "invalid_value", "input[0].call_id"),
        ])
    func refused(members: String, code: String, param: String) async throws {
        let input = members.contains("input") ? "" : #""input":"one","#
        expectError(await (try api(ScriptedModel())).create(#"\#(input)"background":true,\#(members)"#), 400, code, param: param)
    }

    @Test("over CGI nothing runs in the background")
    func cgi() async throws {
        expectError(
            await (try api(ScriptedModel(), over: nil)).create(#""input":"one","background":true"#), 400, "unsupported_value",
            param: "background")
    }

    @Test("tries of one request make one turn, under one id")
    func tries() async throws {
        let gate = Gate()
        let api = try api(GatedModel(.wait(gate), .say("Hello")))
        var ids: [String] = []
        for _ in 0..<2 {
            ids.append(await api.create(#""input":"one","background":true"#, headers: ["idempotency-key": "k"]).id)
        }
        #expect(ids[0] == ids[1])
        gate.open()
        for id in ids { #expect(try await ended(api, id) == "completed") }
        let last = await api.create(#""input":"one","background":true"#, headers: ["idempotency-key": "k"])
        #expect(last.header("idempotency-replayed") == "true" && last.json.member("status") == "completed" && last.id == ids[0])
        let file = try #require(try api.directory.files.first)
        #expect(try api.directory.files.count == 1 && api.directory.text(of: file).split(separator: "\n").count == 3)
    }

    @Test("tries of one request at once have one id, which leads to the turn")
    func simultaneous() async throws {
        let gate = Gate()
        let api = try api(GatedModel(.wait(gate), .say("Hello")))
        let responses = await withTaskGroup(of: Response.self) { group in
            for _ in 0..<4 {
                group.addTask { await api.create(#""input":"one","background":true"#, headers: ["idempotency-key": "k"]) }
            }
            return await group.reduce(into: [Response]()) { $0.append($1) }
        }
        #expect(responses.allSatisfy { $0.status == 200 } && Set(responses.map(\.id)).count == 1)
        gate.open()
        #expect(try await ended(api, responses[0].id) == "completed")
        #expect(await api.send("GET", "/v1/responses/\(responses[0].id)/input_items", session: nil).status == 200)
    }

    @Test("what is removed is gone from everywhere", arguments: ["session", "undo", "response"])
    func removed(how: String) async throws {
        let api = try api(ScriptedModel())
        let id = await api.create(#""input":"one","background":true"#, session: "a").id
        #expect(try await ended(api, id) == "completed")
        switch how {
        case "session": #expect(await api.send("DELETE", "/v1/session").status == 200)
        case "undo": #expect(await api.send("POST", "/v1/session/undo").status == 200)
        default: #expect(await api.send("DELETE", "/v1/responses/\(id)", session: nil).status == 200)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: api.directory.path + "/background").isEmpty)
        expectError(await api.send("GET", "/v1/responses/\(id)", session: nil), 404, "not_found")
        expectError(await api.send("GET", "/v1/responses/\(id)?stream=true", session: nil), 404, "not_found")
    }

    @Test("a response that waits for its session is cancelled at once, and never asks the model")
    func cancelledBefore() async throws {
        let gate = Gate()
        let model = GatedModel(.wait(gate), .say("Hello"))
        let api = try api(model)
        let first = await api.create(#""input":"one","background":true"#, session: "a").id
        let second = await api.create(#""input":"two","background":true"#, session: "a").id
        let response = await api.send("POST", "/v1/responses/\(second)/cancel", session: nil)
        #expect(response.json.member("status") == "cancelled" && !gate.isOpen)
        gate.open()
        #expect(try await ended(api, first) == "completed")
        _ = await api.chat("three")
        #expect(gate.arrivals == 2)
        #expect(await status(api, second) == "cancelled")
    }

    @Test("two chains from one response at once are two conversations, under the ids that their clients got")
    func chains() async throws {
        let gate = Gate()
        let api = try api(GatedModel(.wait(gate), .say("Hello")))
        let root = await api.create(#""input":"one","background":true"#)
        gate.open()
        #expect(try await ended(api, root.id) == "completed")
        let next = Gate()
        let other = try self.api(GatedModel(.wait(next), .say("Hello")), in: api.directory)
        var ids: [String] = []
        for text in ["two", "three"] {
            ids.append(await other.create(#""input":"\#(text)","background":true,"previous_response_id":"\#(root.id)""#).id)
        }
        next.open()
        for id in ids {
            #expect(try await ended(other, id) == "completed")
            #expect(await other.send("GET", "/v1/responses/\(id)", session: nil).id == id)
        }
        #expect(try api.directory.files.count == 2)
    }
}
