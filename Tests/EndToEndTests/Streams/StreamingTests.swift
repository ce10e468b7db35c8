import ChatAPI
import Foundation
import Models
import Sessions
import TestSupport
import Testing

@Suite("Answers in pieces through web servers")
struct StreamingTests {
    @Test(
        "the client has a chunk before the model makes the next one", arguments: HeldSite.Front.allCases, ["1.1", "1.0"])
    func order(front: HeldSite.Front, version: String) async throws {
        let model = HeldModel(["one ", "two"])
        try await HeldSite.run(front, model) { site in
            let client = try StreamClient(port: site.port, session: "a", version: version)
            #expect(try await eventually { model.asked == 1 })
            model.release()
            #expect(try await client.gets(#""content":"one ""#))
            #expect(try !client.has(#""two""#))
            model.release()
            #expect(try await client.gets(#""content":"two""#))
            #expect(try !client.has("finish_reason\":\"stop"))
            model.release()
            #expect(try await client.ends())
            let response = try client.response
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == "text/event-stream; charset=utf-8")
            #expect(response.headers["cache-control"] == "no-cache, no-transform, no-store")
            #expect(response.headers["x-accel-buffering"] == "no")
            #expect(response.headers["content-length"] == nil)
            #expect(response.headers["x-request-id"] != nil)
            let events = String(decoding: response.body, as: UTF8.self).components(separatedBy: "\n\n")
            #expect(events.count == 6 && events.prefix(5).allSatisfy { $0.hasPrefix("data: ") })
            #expect(events.suffix(2) == ["data: [DONE]", ""])
            #expect(try await site.sessions.summary(of: SessionKey("a")).turnCount == 1)
        }
    }

    @Test("comments and white space reach the client while the model is silent", arguments: HeldSite.Front.allCases)
    func silence(front: HeldSite.Front) async throws {
        let model = HeldModel(["late"])
        let configure = { (settings: inout ChatService.Settings) in
            settings.keepAliveInterval = .milliseconds(20)
            settings.heartbeatAfter = .milliseconds(20)
        }
        try await HeldSite.run(front, model, configure: configure) { site in
            let stream = try StreamClient(port: site.port, session: "a")
            #expect(try await stream.gets(": keep-alive\n\n"))
            let whole = try StreamClient(port: site.port, session: "b", streams: false)
            // The head has come, and with it some of the body.
            #expect(try await whole.gets("\r\n\r\n"))
            let length = whole.received.count
            #expect(try await eventually { try !whole.has("late") && whole.received.count > length })
            #expect(try !stream.has("late"))
            model.release(2)
            for client in [stream, whole] { #expect(try await client.ends()) }
            #expect(stream.text.contains("data: [DONE]"))
            #expect(try whole.response.answer == "late")
        }
    }

    @Test("an error before the first chunk has its status, one after it is a frame", arguments: HeldSite.Front.allCases)
    func errors(front: HeldSite.Front) async throws {
        for (pieces, status) in [([], 500...599), (["one"], 200...200)] {
            let model = HeldModel(pieces, thenFails: ModelError(.failed, "broken"))
            model.release(2)
            try await HeldSite.run(front, model) { site in
                let client = try StreamClient(port: site.port, session: "a")
                #expect(try await client.ends())
                let response = try client.response
                #expect(status.contains(response.status))
                #expect(String(decoding: response.body, as: UTF8.self).contains(#"{"error":{"message":"#))
                #expect(!client.text.contains("[DONE]"))
            }
        }
    }

    @Test("200 streams at once each have their first chunk before any has its second")
    func many() async throws {
        let model = HeldModel(["one ", "two"])
        try await HeldSite.run(.nginx, model) { site in
            let clients = try (0..<200).map { try StreamClient(port: site.port, session: "s\($0)") }
            model.release()
            for client in clients { #expect(try await client.gets(#""content":"one ""#)) }
            for client in clients { #expect(try !client.has(#""two""#)) }
            model.release(2)
            for client in clients {
                #expect(try await client.ends())
                #expect(client.text.contains("two") && client.text.contains("data: [DONE]"))
            }
            #expect(model.asked == 200)
        }
    }

    @Test("an answer that does not stream keeps its Content-Length", arguments: HeldSite.Front.allCases, ["1.1", "1.0"])
    func whole(front: HeldSite.Front, version: String) async throws {
        let model = HeldModel(["one ", "two"])
        model.release(3)
        try await HeldSite.run(front, model) { site in
            let client = try StreamClient(port: site.port, session: "a", streams: false, version: version)
            #expect(try await client.ends())
            let response = try client.response
            #expect(response.answer == "one two")
            #expect(response.headers["content-length"] == "\(response.body.count)")
        }
    }
}
