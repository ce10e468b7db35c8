package import Logging

/// A model on a server that speaks OpenAI's API, with further servers that are asked when it fails.
///
/// Where the server does not say what a turn cost, words are counted, as the built-in model does.
package struct UpstreamModel: ChatModel {
    /// A server, and the model that it is asked for.
    package struct Route: Sendable {
        /// The server. Models that share it share what is known of it.
        package var upstream: Upstream
        /// The model; nil for the one of the server's settings.
        package var model: String?

        /// Makes a route.
        package init(_ upstream: Upstream, model: String? = nil) {
            (self.upstream, self.model) = (upstream, model)
        }
    }

    private let routes: [Route]
    private let timeout: Duration
    private let retries: Int
    private let logger: Logger
    private let clock: UpstreamClock

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - routes: what is asked, in this order, until one answers; not empty.
    ///   - timeout: a turn's time limit, retries and all servers included.
    ///   - retries: how many times each server may be asked again.
    ///   - logger: gets a warning for each failed attempt that another one follows.
    package init(_ routes: [Route], timeout: Duration = .seconds(120), retries: Int = 2, logger: Logger) {
        self.init(routes, timeout: timeout, retries: retries, logger: logger, clock: UpstreamClock())
    }

    init(_ routes: [Route], timeout: Duration, retries: Int, logger: Logger, clock: UpstreamClock) {
        (self.routes, self.timeout, self.retries, self.logger, self.clock) = (routes, timeout, retries, logger, clock)
    }

    /// Asks one server after the other.
    ///
    /// A request that a server refuses, a turn whose time is up, and one of which a piece was handed on are not asked again.
    package func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        let turn = Turn(prompt: prompt, deadline: clock.now() + timeout, onDelta: onDelta)
        var failure = ModelError(.unavailable, "No upstream is configured")
        for (index, route) in routes.enumerated() {
            do {
                return try await ask(route, turn, isLast: index == routes.count - 1)
            } catch {
                guard error.isForRetrying, !turn.hasBegun else { throw error.code == .timedOut ? timedOut : error }
                failure = error
                if index < routes.count - 1 { logger.warning("\(error); asking the next upstream") }
            }
        }
        throw failure
    }

    /// Asks one server until it answers or there is no use in it.
    private func ask(_ route: Route, _ turn: Turn, isLast: Bool) async throws(ModelError) -> Completion {
        var failure: ModelError?
        for attempt in 0...retries {
            guard turn.deadline > clock.now() else { throw timedOut }
            let isProbe: Bool
            switch route.upstream.admit(at: clock.now()) {
            case .admitted(let asProbe): isProbe = asProbe
            case .refused(let pause):
                let seconds = max(1, Int((pause / .seconds(1)).rounded(.up)))
                throw failure
                    ?? ModelError(
                        .unavailable, "The upstream \(route.upstream.name) failed repeatedly; it is asked again in \(seconds) s",
                        retryAfter: seconds)
            }
            let error: AttemptError
            do {
                let completion = try await route.upstream.complete(
                    turn.prompt, model: route.model, remaining: { clock.now().duration(to: turn.deadline) },
                    onDelta: turn.onDelta)
                route.upstream.record(.success, isProbe: isProbe, at: clock.now())
                return completion
            } catch let caught {
                error = caught
            }
            route.upstream.record(error.error.outcome, isProbe: isProbe, at: clock.now())
            failure = error.error
            let retryAfter = error.error.code == .unavailable ? nil : error.error.retryAfter
            let pause = Backoff.pause(before: attempt, retryAfter: retryAfter, random: clock.random())
            guard error.isRetryable, attempt < retries, !turn.hasBegun, clock.now() + pause < turn.deadline,
                // Whoever has another server does not wait for long.
                isLast || pause <= Backoff.longest
            else { throw error.error }
            logger.warning("\(error.error); retrying")
            do { try await clock.sleep(pause) } catch { throw ModelError(.cancelled, "The request was cancelled") }
        }
        throw failure ?? timedOut
    }

    private var timedOut: ModelError {
        let sentence = "Request timed out after \(Int(timeout / .seconds(1)))s"
        return ModelError(.timedOut, sentence, clientMessage: sentence)
    }
}

extension ModelError {
    /// Whether another attempt or server may do better.
    fileprivate var isForRetrying: Bool {
        switch code {
        case .unavailable, .failed, .rateLimited: true
        case .refused, .timedOut, .cancelled: false
        }
    }

    /// What it says about the upstream.
    fileprivate var outcome: CircuitBreaker.Outcome {
        switch code {
        case .unavailable, .failed, .timedOut: .failure
        case .refused, .rateLimited: .success
        case .cancelled: .unknown
        }
    }
}
