import Chat
import Concurrency
package import HTTPClient
import JSON
import Text

/// A server that speaks OpenAI's API. Remembers whether it works, and its first model.
package final class Upstream: Sendable {
    package struct Settings: Sendable, Hashable {
        package var address: UpstreamAddress
        /// The bearer key; nil if the server needs none.
        package var key: String?
        /// Nil for the first model of the server's list.
        package var model: String?
        package var connectTimeout: Duration

        package init(address: UpstreamAddress, key: String? = nil, model: String? = nil, connectTimeout: Duration = .seconds(10)) {
            (self.address, self.key, self.model, self.connectTimeout) = (address, key, model, connectTimeout)
        }
    }

    package let settings: Settings
    private let engine: TransferEngine
    private let state = Mutex(State())

    private struct State {
        var circuit = CircuitBreaker()
        var firstModel: String?
    }

    package init(_ settings: Settings, engine: TransferEngine) {
        self.settings = settings
        self.engine = engine
    }

    /// The name in errors and logs.
    var name: String { settings.address.description }

    func admit(at now: ContinuousClock.Instant) -> CircuitBreaker.Admission { state.withLock { $0.circuit.admit(at: now) } }

    func record(_ outcome: CircuitBreaker.Outcome, at now: ContinuousClock.Instant) {
        state.withLock { $0.circuit.record(outcome, at: now) }
    }

    func recordProbe(_ outcome: CircuitBreaker.Outcome, at now: ContinuousClock.Instant) {
        state.withLock { $0.circuit.recordProbe(outcome, at: now) }
    }

    /// Finds out whether the server works, which takes it no model: it is asked for its list of models, and need not have one.
    func probe(within timeout: Duration) async throws(ModelError) {
        do {
            _ = try await list(within: min(timeout, Self.probeTimeout))
        } catch {
            guard case .refused = error.error.code else { throw error.error }
        }
    }

    private static let probeTimeout = Duration.seconds(5)

    /// Makes one attempt.
    ///
    /// - Parameters:
    ///   - model: overrides the settings' model.
    ///   - remaining: the rest of the turn's time limit.
    func complete(
        _ prompt: Prompt, model: String?, remaining: () -> Duration, onDelta: (@Sendable (Delta) -> Void)?
    ) async throws(AttemptError) -> Completion {
        var name = model ?? settings.model
        if name == nil { name = try await firstModel(within: remaining()) }
        var parser = CompletionParser()
        let body = prompt.upstreamBody(model: name ?? "", streams: onDelta != nil)
        let request = request("chat/completions", body: body, timeout: remaining())
        do {
            try await reply(to: request) { bytes in
                for delta in parser.read(bytes) { onDelta?(delta) }
            }
        } catch {
            // A complete answer counts, whatever happens to the connection after it.
            guard error.isBreak, parser.isWhole else { throw error }
        }
        let received = parser
        // A long document would hold a worker.
        let (ended, deltas) =
            received.isLongDocument
            ? await withTaskExecutorPreference(globalConcurrentExecutor) { received.ended } : received.ended
        for delta in deltas { onDelta?(delta) }
        do throws(CompletionError) {
            return try ended.completion(of: prompt)
        } catch {
            throw self.error(error)
        }
    }

    /// The first model of the upstream's list. The list is requested until that has succeeded once.
    private func firstModel(within timeout: Duration) async throws(AttemptError) -> String {
        if let model = state.withLock(\.firstModel) { return model }
        guard let model = try await list(within: timeout)?.first else {
            throw AttemptError(error: ModelError(.failed, "The upstream \(name) lists no models: say which one with upstream.model"))
        }
        state.withLock { $0.firstModel = model }
        return model
    }

    /// Requests the list of models once, which shows whether the server can be reached and accepts the key. Nil if the response is not a
    /// list.
    package func models(within timeout: Duration) async throws(ModelError) -> [String]? {
        do { return try await list(within: timeout) } catch { throw error.error }
    }

    private func list(within timeout: Duration) async throws(AttemptError) -> [String]? {
        var body: [UInt8] = []
        try await reply(to: request("models", body: nil, timeout: timeout)) { body += $0 }
        struct List: Decodable {
            struct Model: Decodable { var id: String }
            var data: [Model]
        }
        return try? ValueDecoder().read(List.self, from: body[...]).data.map(\.id)
    }

    /// Makes a request. The body of a response with status 200 goes to `onBody`; any other status is an error.
    private func reply(
        to request: HTTPRequest, onBody: (UnsafeRawBufferPointer) -> Void
    ) async throws(AttemptError) {
        var refusal: [UInt8] = []
        let reply: HTTPResponseHead
        do {
            reply = try await engine.perform(request) { status, bytes in
                if status == 200 { onBody(bytes) } else { refusal += bytes }
            }
        } catch {
            throw self.error(error)
        }
        guard reply.status == 200 else {
            throw error(status: reply.status, retryAfter: reply.retryAfter, body: refusal)
        }
    }

    private func request(_ path: String, body: [UInt8]?, timeout: Duration) -> HTTPRequest {
        var headers = body == nil ? [] : ["Content-Type: application/json"]
        if let key = settings.key { headers.append("Authorization: Bearer \(key)") }
        return HTTPRequest(
            url: settings.address.url(path), socketPath: settings.address.socketPath, headers: headers, body: body, timeout: timeout,
            connectTimeout: settings.connectTimeout)
    }
}

extension Prompt {
    /// The body of `POST /chat/completions`.
    fileprivate func upstreamBody(model: String, streams: Bool) -> [UInt8] {
        var members: [(String, JSONValue)] = [
            ("model", .string(model)), ("messages", .array(messages.map { .object($0.jsonMembers(withExtras: false)) })),
        ]
        for (name, value) in parameters { members.append((name, value)) }
        if streams { members += [("stream", true), ("stream_options", ["include_usage": true])] }
        return JSONValue.object(members).serialized
    }
}
