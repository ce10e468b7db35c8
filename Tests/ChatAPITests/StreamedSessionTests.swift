import CGI
import Chat
import Models
import TestSupport
import Testing

@testable import Sessions

@Suite("Sessions and streamed responses")
struct StreamedSessionTests {
    @Test("streamed and plain turns are in each other's history", arguments: ["normal", "readonly", "ephemeral"])
    func modes(mode: String) async throws {
        let model = ScriptedModel()
        let api = try API.streaming(model)
        for text in ["one", "two"] {
            var reader = StreamReader(await api.stream(text))
            _ = try await reader.chunks()
        }
        var reader = StreamReader(await api.stream("three", headers: ["x-session-mode": mode]))
        #expect(try await reader.chunks().text == "Answer 3")
        #expect(await model.lastHistory == (mode == "ephemeral" ? [] : ["one", "two"]))
        _ = await api.chat("four")
        #expect(await model.lastHistory == (mode == "normal" ? ["one", "two", "three"] : ["one", "two"]))
    }

    @Test("a streamed retry gets the stored answer as one chunk under the same id, and says so", arguments: [false, true])
    func replay(restarted: Bool) async throws {
        let first = try API.streaming(GatedModel(.say("one "), .say("two")))
        var reader = StreamReader(
            await first.stream(headers: ["idempotency-key": "k"], options: #""stream_options":{"include_usage":true},"#))
        let original = try await reader.chunks()
        let model = ScriptedModel()
        let second = restarted ? try API.streaming(model, in: first.directory) : first
        for _ in 0..<2 {
            let response = await second.stream(headers: ["idempotency-key": "k"], options: #""stream_options":{"include_usage":true},"#)
            #expect(response.header("idempotency-replayed") == "true")
            #expect(response.header("content-type") == "text/event-stream; charset=utf-8")
            var reader = StreamReader(response)
            let replay = try await reader.chunks()
            #expect(replay.map { $0.choices.first?.delta.content } == ["", "one two", nil, nil])
            #expect(Set(replay.map(\.id)) == [original[0].id])
            #expect(replay.last?.usage == original.last?.usage)
        }
        #expect(await model.count == 0)
        expectError(await second.stream("Other", headers: ["idempotency-key": "k"]), 409, "idempotency_key_conflict")
    }

    @Test("a retry that arrives while the first try streams waits, and gets the stored answer", arguments: [false, true])
    func running(comments: Bool) async throws {
        let gate = Gate()
        let api = try API.streaming(GatedModel(.say("one"), .wait(gate)), keepAlive: comments ? .milliseconds(1) : .seconds(3600))
        let first = await api.stream(headers: ["idempotency-key": "k"])
        async let retry = api.stream(headers: ["idempotency-key": "k"])
        #expect(try await eventually { try api.isWaitedFor("a") })
        if comments {
            // The response has begun, so no header can say that it is a replay.
            #expect(await retry.header("idempotency-replayed") == nil)
        }
        gate.open()
        var readers = [StreamReader(first), StreamReader(await retry)]
        for index in readers.indices { #expect(try await readers[index].chunks().text == "one") }
        if !comments { #expect(await retry.header("idempotency-replayed") == "true") }
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 1)
    }

    @Test("a turn whose client no longer reads the chunks is cancelled, and nothing is stored")
    func left() async throws {
        let model = GatedModel(.say("one"), .waitForCancellation)
        let api = try API.streaming(model)
        do {
            var reader = StreamReader(await api.stream())
            _ = try await reader.chunk()
        }
        #expect(try await eventually { model.cancelled.isOpen })
        #expect(try api.directory.files == [])
    }

    @Test("a streamed turn whose task is cancelled is not stored, before the first chunk and after it", arguments: [false, true])
    func cancelled(hasBegun: Bool) async throws {
        let model = hasBegun ? GatedModel(.say("one"), .waitForCancellation) : GatedModel(.waitForCancellation)
        let api = try API.streaming(model)
        let begun = Gate()
        let client = Task {
            let response = await api.stream()
            // If the response has not begun, nobody reads its error.
            guard response.status == 200 else { return }
            var reader = StreamReader(response)
            while await reader.frame() != nil { begun.open() }
        }
        #expect(try await eventually { (hasBegun ? begun : model.asked).isOpen })
        client.cancel()
        #expect(try await eventually { model.cancelled.isOpen })
        await client.value
        #expect(try api.directory.files == [])
    }

    @Test("a turn that is not streamed is not stored if its task is cancelled")
    func cancelledWhole() async throws {
        let model = GatedModel(.waitForCancellation)
        let api = try API(model)
        let client = Task { await api.chat("Hello") }
        #expect(try await eventually { model.asked.isOpen })
        client.cancel()
        #expect(await client.value.status >= 500)
        #expect(model.cancelled.isOpen)
        #expect(try api.directory.files == [])
    }

    @Test("200 streams at once each get their own turn")
    func many() async throws {
        let gate = Gate()
        let api = try API.streaming(GatedModel(.say("one "), .wait(gate), .say("two")))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    var reader = StreamReader(await api.stream(session: "s\(number)"))
                    _ = try await reader.chunk()
                    #expect(try await reader.chunk().choices[0].delta.content == "one ")
                    #expect(try await reader.chunks().text == "two")
                }
            }
            #expect(try await eventually { gate.arrivals == 200 })
            gate.open()
            try await group.waitForAll()
        }
        #expect(try api.directory.files.count == 200)
    }
}
