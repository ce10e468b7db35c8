import Chat
import Concurrency
import Crypto
package import HTTPClient
import JSON
import Text

/// A server that speaks OpenAI's API. Remembers whether it works, and its first model.
package final class Upstream: Sendable {
    package struct Settings: Sendable, Hashable {
        package var address: UpstreamAddress
        package var api: UpstreamAPI
        /// The bearer key; nil if the server needs none.
        package var key: String?
        /// Nil for the first model of the server's list.
        package var model: String?
        package var connectTimeout: Duration
        /// Whether the server gets the names of the participants.
        package var takesNames: Bool
        /// Whether the server gets the parameters that OpenAI's API does not have.
        package var takesUnknown: Bool

        package init(
            address: UpstreamAddress, api: UpstreamAPI = .chat, key: String? = nil, model: String? = nil,
            connectTimeout: Duration = .seconds(10), takesNames: Bool = true, takesUnknown: Bool = false
        ) {
            (self.address, self.api, self.key, self.model, self.connectTimeout) = (address, api, key, model, connectTimeout)
            (self.takesNames, self.takesUnknown) = (takesNames, takesUnknown)
        }
    }

    package let settings: Settings
    /// What messages call the server that their extras came from: sessions are exported, and must not tell its address.
    let tag: String
    private let engine: TransferEngine
    private let state = Mutex(State())

    private struct State {
        var circuit = CircuitBreaker()
        var firstModel: String?
        /// The models for which the server refused what a request can do without.
        var plainModels: Set<TextKey> = []
        /// When it last answered, if only that it refuses a request.
        var lastAnswer: ContinuousClock.Instant?
    }

    package init(_ settings: Settings, engine: TransferEngine) {
        self.settings = settings
        self.engine = engine
        tag = String(SHA256.hexadecimal(of: settings.address.description.utf8).prefix(16))
    }

    /// The name in errors and logs.
    var name: String { settings.address.description }

    func admit(at now: ContinuousClock.Instant) -> CircuitBreaker.Admission { state.withLock { $0.circuit.admit(at: now) } }

    func record(_ outcome: CircuitBreaker.Outcome, at now: ContinuousClock.Instant) {
        state.withLock { state in
            state.circuit.record(outcome, at: now)
            if outcome == .success { state.lastAnswer = now }
        }
    }

    func recordProbe(_ outcome: CircuitBreaker.Outcome, at now: ContinuousClock.Instant) {
        state.withLock { state in
            state.circuit.recordProbe(outcome, at: now)
            if outcome == .success { state.lastAnswer = now }
        }
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

    /// Fails if the server neither answered lately nor answers now.
    func checkReachable(at now: ContinuousClock.Instant) async throws(ModelError) {
        if let lastAnswer = state.withLock(\.lastAnswer), lastAnswer + Self.lately > now { return }
        do {
            try await probe(within: Self.probeTimeout)
        } catch {
            // It is there, and has enough to do.
            guard error.code == .rateLimited else { throw error }
        }
        state.withLock { $0.lastAnswer = now }
    }

    private static let lately = Duration.seconds(30)

    /// Makes one attempt.
    ///
    /// - Parameters:
    ///   - model: overrides the settings' model.
    ///   - isFirst: whether clients mean this server when they send messages with extras.
    ///   - remaining: the rest of the turn's time limit.
    ///   - warn: gets a sentence if the answer is good but its form is not.
    func complete(
        _ prompt: Prompt, model: String?, isFirst: Bool, remaining: () -> Duration, onDelta: (@Sendable (Delta) -> Void)?,
        warn: (String) -> Void
    ) async throws(AttemptError) -> Completion {
        var name = model ?? settings.model
        if name == nil { name = try await firstModel(within: remaining()) }
        let model = name ?? ""
        func request(withOptions: Bool) -> CompletionRequest {
            CompletionRequest(
                prompt, to: self, model: model, isFirst: isFirst, streams: onDelta != nil, withOptions: withOptions)
        }
        let first = request(withOptions: state.withLock { !$0.plainModels.contains(TextKey(model)) })
        do {
            return try await attempt(prompt, first.members, remaining: remaining, onDelta: onDelta, warn: warn)
        } catch {
            guard error.refusesOptions, first.hasOptions else { throw error }
            // Thoughts may be sealed for another key, or made up. Their refusal says nothing of other requests.
            if !first.hasSealedReasoning { _ = state.withLock { $0.plainModels.insert(TextKey(model)) } }
            let members = request(withOptions: false).members
            return try await attempt(prompt, members, remaining: remaining, onDelta: onDelta, warn: warn)
        }
    }

    private func attempt(
        _ prompt: Prompt, _ members: [(String, JSONValue)], remaining: () -> Duration, onDelta: (@Sendable (Delta) -> Void)?,
        warn: (String) -> Void
    ) async throws(AttemptError) -> Completion {
        var parser = CompletionParser(settings.api)
        var latest = (understood: 0, at: ContinuousClock.now)
        let request = request(settings.api.path, body: JSONValue.object(members).serialized, timeout: remaining())
        do {
            try await reply(to: request) { bytes in
                for delta in parser.read(bytes) { onDelta?(delta) }
                if parser.understood > latest.understood { latest = (parser.understood, .now) }
                return parser.patience.map { ContinuousClock.now.duration(to: latest.at + $0) }
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
            var completion = try ended.completion(of: prompt)
            completion.upstream = tag
            if ended.skipped > 0 { warn("The upstream \(name) sent \(ended.skipped) events that are no JSON; they were skipped") }
            return completion
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
        try await reply(to: request("models", body: nil, timeout: timeout)) { bytes in
            body += bytes
            return nil
        }
        struct List: Decodable {
            struct Model: Decodable { var id: String }
            var data: [Model]
        }
        return try? ValueDecoder().read(List.self, from: body[...]).data.map(\.id)
    }

    /// Makes a request. The body of a response with status 200 goes to `onBody`; any other status is an error.
    ///
    /// - Parameter onBody: returns how much longer the response may take, as in `TransferEngine.perform`.
    private func reply(
        to request: HTTPRequest, onBody: (UnsafeRawBufferPointer) -> Duration?
    ) async throws(AttemptError) {
        var refusal: [UInt8] = []
        var extent = JSONExtent()
        let reply: HTTPResponseHead
        do {
            reply = try await engine.perform(request) { status, bytes in
                if status == 200 { return onBody(bytes) }
                refusal += bytes
                extent.read(bytes)
                return extent.isComplete ? CompletionParser.shortPatience : nil
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
