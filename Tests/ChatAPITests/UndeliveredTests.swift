import CGI
import ChatAPI
import Concurrency
import Glibc
import Server
import TestSupport
import Testing

@testable import Sessions

@Suite("Answers that do not reach their client")
struct UndeliveredTests {
    /// A web server that takes some writes of the response, and no more.
    private final class Lost: ResponseOutput {
        struct Gone: Error {}
        private let left: Mutex<Int>
        /// True if the transport knows from the beginning that the client has left.
        let isAbandoned: Bool

        init(after writes: Int = 0, isAbandoned: Bool = false) { (left, self.isAbandoned) = (Mutex(writes), isAbandoned) }

        func write(_ bytes: [UInt8], isLast: Bool) async throws {
            try left.withLock { left in
                guard left > 0 else { throw Gone() }
                left -= 1
            }
        }
    }

    @Test("the same body gets the answer once more, until it was taken", arguments: [0, 1], [false, true])
    func whole(takenWrites: Int, isAbandoned: Bool) async throws {
        let api = try API()
        await api.chat("Hello", to: Lost(after: takenWrites, isAbandoned: isAbandoned))
        let isLost = takenWrites == 0 || isAbandoned
        let retry = await api.chat("Hello", headers: ["x-stainless-retry-count": "0"])
        #expect(retry.answer == (isLost ? "Answer 1" : "Answer 2"))
        #expect(retry.header("idempotency-replayed") == (isLost ? "true" : nil))
        await api.chat("Hello", to: Lost())
        #expect(await api.chat("Hello").answer == (isLost ? "Answer 2" : "Answer 3"))
        #expect(await api.chat("Hello").answer == (isLost ? "Answer 3" : "Answer 4"))
    }

    @Test("a stream is delivered once its last frame was written")
    func stream() async throws {
        let api = try API(GatedModel(.say("one "), .say("two")), onDisconnect: .finish, configure: { $0.streams = true })
        for writes in 0..<2 {
            await api.chat("Hello", streams: true, to: Lost(after: writes))
            let response = await api.stream()
            #expect(response.header("idempotency-replayed") == "true", "\(writes)")
            var reader = StreamReader(response)
            #expect(try await reader.chunks().compactMap(\.choices.first?.delta.content).joined() == "one two")
            #expect(await api.stream().header("idempotency-replayed") == nil)
        }
    }

    @Test("a turn that is not stored leaves no mark", arguments: ["readonly", "ephemeral"])
    func mode(_ mode: String) async throws {
        let api = try API()
        _ = await api.chat("Hello")
        await api.chat("Hello", headers: ["x-session-mode": mode], to: Lost(isAbandoned: true))
        #expect(await api.chat("Hello").answer == "Answer 3")
    }

    @Test("over CGI, too: the web server has closed the pipe")
    func pipe() async throws {
        let api = try API()
        var ends: [CInt] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        close(ends[0])
        signal(SIGPIPE, SIG_IGN)
        await api.chat("Hello", to: CGITransport(environment: [], input: -1, output: ends[1]))
        close(ends[1])
        #expect(await api.chat("Hello").answer == "Answer 1")
        #expect(await api.chat("Hello").answer == "Answer 2")
    }
}
