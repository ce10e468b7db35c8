import CGI
import Concurrency
import Foundation

/// A response as a client sees it.
struct Response: Sendable {
    enum Body: Sendable {
        /// The whole body: the response had a length.
        case bytes([UInt8])
        /// Chunks as they arrive. Dropping the stream makes the client leave.
        case stream(AsyncStream<[UInt8]>)
    }

    var status = 0
    var headers: [(name: String, value: String)] = []
    var body = Body.bytes([])

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The body, if it is whole.
    var bytes: [UInt8] {
        guard case .bytes(let bytes) = body else { return [] }
        return bytes
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The whole body of a response that may be streamed.
    var wholeText: String {
        get async {
            guard case .stream(let chunks) = body else { return text }
            return String(decoding: await chunks.reduce(into: [UInt8]()) { $0 += $1 }, as: UTF8.self)
        }
    }

    /// The assistant's text.
    var answer: String? {
        struct Completion: Decodable {
            struct Choice: Decodable {
                struct Message: Decodable { var content: String }
                var message: Message
            }
            var choices: [Choice]
        }
        return (try? JSONDecoder().decode(Completion.self, from: Data(bytes)))?.choices.first?.message.content
    }
}

/// The client at the other end of a response's bytes.
final class ResponseReader: ResponseOutput {
    private struct State {
        var received: [UInt8] = []
        var isOver = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Makes the client leave when the last reader is gone.
    private final class Presence: Sendable {
        let task: Task<Void, Never>
        init(_ task: Task<Void, Never>) { self.task = task }
        deinit { task.cancel() }
    }

    var isAbandoned: Bool { false }

    func write(_ bytes: [UInt8], isLast: Bool) async throws { wake { $0.received += bytes } }

    /// Returns the response once its head is there, or with its body if it has a length. The client leaves, and the serving task is
    /// cancelled, if the waiting task is cancelled or the chunks are dropped.
    func response(of serve: @escaping @Sendable (ResponseReader) async -> Void) async -> Response {
        let task = Task {
            await serve(self)
            wake { $0.isOver = true }
        }
        return await withTaskCancellationHandler {
            let end = Array("\r\n\r\n".utf8)
            var received: [UInt8] = []
            while received.firstRange(of: end) == nil, let chunk = await next() { received += chunk }
            let head = received.firstRange(of: end) ?? 0..<0
            var response = Response()
            for line in String(decoding: received[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n") {
                guard let colon = line.range(of: ": ") else { continue }
                response.headers.append((String(line[..<colon.lowerBound]), String(line[colon.upperBound...])))
            }
            response.status = response.header("status").flatMap { Int($0.prefix(3)) } ?? 0
            response.headers.removeAll { $0.name == "Status" }
            let rest = Array(received[head.upperBound...])
            guard response.header("content-length") == nil, response.status != 204 else {
                var body = rest
                while let chunk = await next() { body += chunk }
                response.body = .bytes(body)
                return response
            }
            let (presence, first) = (Presence(task), Mutex(rest))
            response.body = .stream(
                AsyncStream(
                    unfolding: { [self] in
                        let rest = first.withLock { first in
                            defer { first = [] }
                            return first
                        }
                        defer { withExtendedLifetime(presence) {} }
                        return rest.isEmpty ? await next() : rest
                    }, onCancel: { task.cancel() }))
            return response
        } onCancel: {
            task.cancel()
        }
    }

    /// What has arrived since the last call; nil at the end. Waits, even if cancelled.
    private func next() async -> [UInt8]? {
        while true {
            let (bytes, isOver) = state.withLock { state in
                defer { state.received = [] }
                return (state.received, state.isOver)
            }
            if !bytes.isEmpty { return bytes }
            if isOver { return nil }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = !state.received.isEmpty || state.isOver
                    if !isReady { state.waiting = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        }
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}
