import Foundation
import Glibc
import Synchronization

/// An OpenAI-compatible server that gives a test's responses in turn; the last one repeats.
final class ScriptedUpstream: Sendable {
    struct Response: Sendable {
        var status: Int
        var body: [UInt8]
        /// True if the connection stays open until the client closes it.
        var staysOpen: Bool

        init(status: Int = 200, body: some Sequence<UInt8>, staysOpen: Bool = false) {
            (self.status, self.body, self.staysOpen) = (status, Array(body), staysOpen)
        }

        init(status: Int = 200, body: String, staysOpen: Bool = false) {
            self.init(status: status, body: body.utf8, staysOpen: staysOpen)
        }
    }

    private struct State {
        var bodies: [[UInt8]] = []
        var hangUps = 0
    }

    private let server: LoopbackServer
    private let responses: [Response]
    private let state = Mutex(State())

    /// Listens until the process ends.
    init(_ responses: [Response]) throws {
        self.responses = responses
        server = try LoopbackServer()
        server.start { self.serve($0) }
    }

    var environment: [String: String] {
        ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(server.port)/v1", "NANOBOT_UPSTREAM_MODEL": "m", "NANOBOT_STREAM": "true"]
    }

    /// The bodies of the requests so far.
    var requests: [JSON] { get throws { try state.withLock(\.bodies).map { try JSON($0) } } }

    /// How often the client closed a connection that stayed open.
    var hangUps: Int { state.withLock(\.hangUps) }

    private func serve(_ connection: CInt) {
        guard let (_, body) = LoopbackServer.request(of: connection) else { return }
        let number = state.withLock { state in
            state.bodies.append(body)
            return state.bodies.count
        }
        let response = responses[min(number, responses.count) - 1]
        let bytes = Array("HTTP/1.1 \(response.status) Status\r\nConnection: close\r\n\r\n".utf8) + response.body
        _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        guard response.staysOpen else { return }
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        state.withLock { $0.hangUps += 1 }
    }
}
