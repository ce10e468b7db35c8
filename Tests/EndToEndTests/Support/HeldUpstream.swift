import Foundation
import Glibc
import Synchronization

/// An OpenAI-compatible server that streams "one " at once, and "two" when a test lets it.
final class HeldUpstream: Sendable {
    private struct State {
        var isReleased = false
        var asked = 0
        var hangUps = 0
    }

    private let server: LoopbackServer
    private let state = Mutex(State())

    /// Listens until the process ends.
    init() throws {
        server = try LoopbackServer()
        server.start { self.serve($0) }
    }

    var port: Int { server.port }

    var environment: [String: String] {
        ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(port)/v1", "NANOBOT_UPSTREAM_MODEL": "held", "NANOBOT_STREAM": "true"]
    }

    /// How often it was asked, and how often who asked left before the end.
    var asked: Int { state.withLock(\.asked) }
    var hangUps: Int { state.withLock(\.hangUps) }

    /// Lets every answer go on.
    func release() { state.withLock { $0.isReleased = true } }

    private func serve(_ connection: CInt) {
        guard LoopbackServer.request(of: connection) != nil else { return }
        state.withLock { $0.asked += 1 }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        write(head + event(#"{"role":"assistant","content":"one "}"#), to: connection)
        while !state.withLock(\.isReleased) {
            var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            // Nothing more is asked on this connection: what can be read is its end.
            if poll(&entry, 1, 2) > 0 {
                state.withLock { $0.hangUps += 1 }
                return
            }
        }
        write(event(#"{"content":"two"}"#) + event("{}", finishReason: #""stop""#) + "data: [DONE]\n\n", to: connection)
    }

    private func event(_ delta: String, finishReason: String = "null") -> String {
        #"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"held","#
            + #""choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finishReason)}]}"# + "\n\n"
    }

    private func write(_ text: String, to connection: CInt) {
        let bytes = Array(text.utf8)
        _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }
}
