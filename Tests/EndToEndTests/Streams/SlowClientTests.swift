import Chat
import Foundation
import Sessions
import TestSupport
import Testing

@Suite("Slow clients")
struct SlowClientTests {
    @Test(
        "a turn is stored when its model has ended, and the session's next one is answered, while a client takes byte after byte",
        arguments: HeldSite.Front.allCases, [200_000, 1_000_000])
    func slowReader(front: HeldSite.Front, length: Int) async throws {
        let words = [String](repeating: String(repeating: "x", count: length / 100), count: 100)
        let model = HeldModel(words)
        try await HeldSite.run(front, model) { site in
            let slow = try StreamClient(port: site.port, session: "a", receiveBuffer: 4096)
            #expect(try await eventually { model.asked == 1 })
            model.release(words.count + 1)
            #expect(try await eventually { try slow.hasByte() })
            let isStored = try await eventually { (try? await site.sessions.summary(of: SessionKey("a")).turnCount) == 1 }
            #expect(isStored)
            // The other client has all of its answer before the slow one has a few bytes more.
            let next = try StreamClient(port: site.port, session: "a")
            #expect(try await next.ends())
            #expect(next.text.contains("data: [DONE]"))
            #expect(try await site.sessions.summary(of: SessionKey("a")).turnCount == 2)
            for _ in 0..<10 { #expect(try await eventually { try slow.hasByte() }) }
            #expect(try await slow.ends())
            let events = String(decoding: try slow.response.body, as: UTF8.self).components(separatedBy: "\n\n")
            #expect(events.suffix(2) == ["data: [DONE]", ""])
            #expect(events.joined().utf8.count { $0 == UInt8(ascii: "x") } >= length)
        }
    }
}
