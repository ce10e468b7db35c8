import Chat
import FoundationEssentials
import Locking

/// Asks OpenAI-compatible servers, the first of them that answers.
///
/// Where a server does not say what an answer cost, words are counted, as the built-in model does.
public final class UpstreamModel: ChatModel {
    /// How servers are asked.
    public struct Limits: Sendable {
        /// For a turn, all tries and servers included.
        public var timeout = Duration.seconds(120)
        /// For a connection.
        public var connectTimeout = Duration.seconds(10)
        /// How often a server is asked again that cannot be reached, or says 429, 502 or 503.
        public var retries = 2

        /// The defaults.
        public init() {}
    }

    /// A server and what is known of it.
    private final class Upstream: Sendable {
        struct State {
            var circuit = CircuitBreaker()
            var model: String?
        }

        let settings: UpstreamSettings
        let state: Mutex<State>

        init(_ settings: UpstreamSettings) {
            self.settings = settings
            state = Mutex(State(model: settings.model))
        }
    }

    private let upstreams: [Upstream]
    private let limits: Limits
    private let client: UpstreamClient

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - upstreams: the server, and those that are asked where it fails, in order.
    ///   - client: shared by the program's models, so that they share connections.
    public init(_ upstreams: [UpstreamSettings], limits: Limits = Limits(), client: UpstreamClient) {
        self.upstreams = upstreams.map(Upstream.init)
        self.limits = limits
        self.client = client
    }

    public func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        let deadline = ContinuousClock.now + limits.timeout
        // After the first piece nobody else can answer.
        let hasBegun = Mutex(false)
        let receive = onDelta.map { onDelta in
            { @Sendable (delta: Delta) in
                hasBegun.withLock { $0 = true }
                onDelta(delta)
            }
        }
        var failure = ModelError(.unavailable, "There is no upstream")
        for upstream in upstreams {
            var attempt = 0
            repeat {
                attempt += 1
                do {
                    return try await ask(upstream, prompt, deadline, receive)
                } catch {
                    failure = error
                }
                switch failure.code {
                case .refused, .cancelled: throw failure
                default: if hasBegun.withLock(\.self) { throw failure }
                }
            } while try await isWorthARetry(failure, attempt, deadline)
        }
        throw failure
    }

    /// Why an answer ended. Some servers say `stop` where tools are called.
    static func finishReason(_ reason: String?, _ toolCalls: [Message.ToolCall]) -> String {
        let reason = reason ?? "stop"
        return reason == "stop" && !toolCalls.isEmpty ? "tool_calls" : reason
    }

    /// Waits before the same server is asked again; false where that makes no sense, or there is no time.
    private func isWorthARetry(_ failure: ModelError, _ attempt: Int, _ deadline: ContinuousClock.Instant) async throws(ModelError) -> Bool
    {
        guard failure.isTransient, attempt <= limits.retries else { return false }
        let delay = Backoff.delay(attempt: attempt, retryAfter: failure.retryAfter)
        guard .now + delay < deadline else { return false }
        do {
            try await Task.sleep(for: delay)
        } catch {
            throw .cancelled
        }
        return true
    }

    /// Asks one server once.
    private func ask(
        _ upstream: Upstream, _ prompt: Prompt, _ deadline: ContinuousClock.Instant, _ onDelta: (@Sendable (Delta) -> Void)?
    ) async throws(ModelError) -> Completion {
        if let pause = upstream.state.withLock({ $0.circuit.admit(at: .now) }) {
            throw ModelError(
                .unavailable, "\(upstream.settings.shownURL) has failed several times and is left alone for \(pause)",
                retryAfter: Int(pause.components.seconds) + 1)
        }
        do {
            let model = try await model(of: upstream, deadline)
            let completion = try await client.complete(
                prompt, upstream.settings, model: model, until: deadline, limits, onDelta: onDelta)
            upstream.state.withLock { $0.circuit.succeed() }
            return completion
        } catch {
            upstream.state.withLock { state in
                switch error.code {
                case .unavailable, .failed, .timedOut: state.circuit.fail(at: .now)
                case .refused, .rateLimited: state.circuit.succeed()
                case .cancelled: state.circuit.abandon()
                }
            }
            throw error
        }
    }

    private func model(of upstream: Upstream, _ deadline: ContinuousClock.Instant) async throws(ModelError) -> String {
        if let model = upstream.state.withLock(\.model) { return model }
        let model = try await client.firstModel(of: upstream.settings, until: deadline, limits)
        upstream.state.withLock { $0.model = model }
        return model
    }
}
