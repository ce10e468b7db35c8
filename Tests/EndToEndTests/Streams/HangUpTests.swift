import ChatAPI
import Foundation
import Harness
import Models
import Sessions
import TestSupport
import Server
import Testing

@testable import nanobot

@Suite("Clients that leave")
struct HangUpTests {
    @Test(
        "with onDisconnect cancel the turn of a client that left ends, and nothing is stored", arguments: HeldSite.Front.allCases,
        [true, false])
    func cancel(front: HeldSite.Front, streams: Bool) async throws {
        let model = HeldModel(["one ", "two"])
        let configure = { (settings: inout ChatService.Settings) in
            // These two see that a client has left when they write to it.
            guard front != .nginx else { return }
            settings.keepAliveInterval = .milliseconds(20)
            settings.heartbeatAfter = .milliseconds(20)
        }
        try await HeldSite.run(front, model, onDisconnect: .cancel, configure: configure) { site in
            let client = try StreamClient(port: site.port, session: "a", streams: streams)
            #expect(try await eventually { model.asked == 1 })
            model.release()
            if streams { #expect(try await client.gets(#""content":"one ""#)) }
            client.close()
            #expect(try await eventually { model.cancelled == 1 })
            await #expect(throws: SessionError.self) { try await site.sessions.summary(of: SessionKey("a")) }
            // The connection behind it was not kept by mistake.
            model.release(2)
            let next = try StreamClient(port: site.port, session: "a", streams: streams)
            #expect(try await next.ends())
            #expect(next.text.contains("two"))
        }
    }

    @Test(
        "with onDisconnect finish the turn of a client that left is stored, and its retry finds it", arguments: HeldSite.Front.allCases,
        [true, false])
    func finish(front: HeldSite.Front, streams: Bool) async throws {
        let model = HeldModel(["one ", "two"])
        let key = ["Idempotency-Key: k"]
        try await HeldSite.run(front, model) { site in
            let client = try StreamClient(port: site.port, session: "a", streams: streams, headers: key)
            #expect(try await eventually { model.asked == 1 })
            model.release()
            if streams { #expect(try await client.gets(#""content":"one ""#)) }
            client.close()
            let retry = try StreamClient(port: site.port, session: "a", streams: streams, headers: key)
            model.release(2)
            #expect(try await retry.ends())
            let response = try retry.response
            #expect(response.headers["idempotency-replayed"] == "true")
            #expect(retry.text.contains(#""content":"one two""#))
            #expect(model.asked == 1 && model.cancelled == 0)
            #expect(try await site.sessions.summary(of: SessionKey("a")).turnCount == 1)
        }
    }

    /// When the client tries again.
    enum Retry: CaseIterable {
        case whileTheFirstRuns
        case afterwards
    }

    @Test(
        "a retry that its client does not count gets the answer of the try whose client left, once", arguments: Retry.allCases,
        [true, false])
    func uncounted(retry: Retry, streams: Bool) async throws {
        let model = HeldModel(["one ", "two"])
        try await HeldSite.run(.nginx, model) { site in
            let key = try SessionKey("a")
            let client = try StreamClient(port: site.port, session: "a", streams: streams, headers: ["x-stainless-retry-count: 0"])
            #expect(try await eventually { model.asked == 1 })
            model.release()
            if streams { #expect(try await client.gets(#""content":"one ""#)) }
            client.close()
            #expect(try await eventually { site.abandonedCount == 1 })
            if retry == .afterwards {
                model.release(2)
                #expect(try await eventually { try await site.sessions.history(of: key).count == 1 })
            }
            let again = try StreamClient(port: site.port, session: "a", streams: streams, headers: ["x-stainless-retry-count: 0"])
            if retry == .whileTheFirstRuns {
                #expect(try await eventually { site.waiterCount(key) == 1 })
                model.release(2)
            }
            #expect(try await again.ends())
            #expect(try again.response.headers["idempotency-replayed"] == "true")
            #expect(again.text.contains(#""content":"one two""#))
            #expect(model.asked == 1)
            // That answer was taken.
            let new = try StreamClient(port: site.port, session: "a", streams: streams)
            #expect(try await new.ends())
            #expect(try new.response.headers["idempotency-replayed"] == nil)
            #expect(try await site.sessions.summary(of: key).turnCount == 2)
        }
    }

    @Test("a stopping responder waits for the turn of a client that left", arguments: [true, false])
    func stop(streams: Bool) async throws {
        let model = HeldModel(["one ", "two"])
        let home = try TemporaryDirectory()
        try await HeldSite.run(.nginx, model, home: home) { site in
            let client = try StreamClient(port: site.port, session: "a", streams: streams)
            #expect(try await eventually { model.asked == 1 })
            model.release()
            if streams { #expect(try await client.gets(#""content":"one ""#)) }
            client.close()
            Task {
                // A responder that stops first stops listening.
                _ = try await eventually { !FileManager.default.fileExists(atPath: home.path + "/responder.sock") }
                model.release(2)
            }
        }
        #expect(FileManager.default.fileExists(atPath: home.path + "/data/sessions/a.json"))
    }
}
