import Foundation
import Glibc
import TestSupport

/// An OpenAI-compatible server that records the history that it is given. No two of its answers are the same. Some come late, and some are
/// errors.
struct RecordingUpstream: Sendable {
    private let server: LoopbackServer
    private let history: RecordedHistory
    private let seed: UInt64

    init(_ history: RecordedHistory, seed: UInt64) throws {
        server = try LoopbackServer()
        (self.history, self.seed) = (history, seed)
        server.start { [self] in serve($0) }
    }

    var port: Int { server.port }

    func stop() { server.stop() }

    private func serve(_ connection: CInt) {
        guard let (head, body) = LoopbackServer.request(of: connection) else { return }
        // Asked for where the last answers were errors.
        guard !head.hasPrefix("GET") else { return respond("200 OK", #"{"object":"list","data":[{"id":"recording"}]}"#, connection) }
        let messages = (try? JSON(body))?["messages"]?.elements ?? []
        let texts = messages.map { $0["content"]?.text ?? "" }
        let roles = messages.map { $0["role"]?.text ?? "" }
        guard let question = texts.last, roles == messages.indices.map({ $0.isMultiple(of: 2) ? "user" : "assistant" }),
            roles.last == "user"
        else { return history.contradict("the model was asked: \(String(decoding: body, as: UTF8.self))") }
        let turns = stride(from: 0, to: texts.count - 1, by: 2).map { history.number(texts[$0], texts[$0 + 1]) }

        var generator = SplitMix64(seed: seed &+ UInt64(history.calls.count))
        let fails = Int.random(in: 0..<12, using: &generator) == 0
        let isLate = Int.random(in: 0..<12, using: &generator) == 0
        let number = history.call(question, after: turns, isAnswered: !fails)
        usleep(UInt32.random(in: 0..<(isLate ? 300_000 : 20_000), using: &generator))
        guard !fails else { return respond("500 Internal Server Error", #"{"error":{"message":"no"}}"#, connection) }
        let message = #"{"role":"assistant","content":"\#(ModelCall.answer(number, to: question))"}"#
        respond(
            "200 OK",
            #"{"id":"c","object":"chat.completion","created":1,"model":"recording","choices":[{"index":0,"message":"#
                + #"\#(message),"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#, connection)
    }

    private func respond(_ status: String, _ body: String, _ connection: CInt) {
        let head = "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        let bytes = Array((head + body).utf8)
        _ = send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }
}
