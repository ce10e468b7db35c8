import CoreMetrics
package import Logging
import Text

/// A model on a server that speaks OpenAI's API, with further servers to ask if it fails.
///
/// If the server does not report the usage, words are counted, as by the built-in model.
package struct UpstreamModel: ChatModel {
    /// A server and one of its models.
    package struct Route: Sendable {
        package var upstream: Upstream
        /// Nil for the model of the server's settings.
        package var model: String?

        package init(_ upstream: Upstream, model: String? = nil) {
            (self.upstream, self.model) = (upstream, model)
        }
    }

    private let routes: [Route]
    private let timeout: Duration
    private let retries: Int
    private let logger: Logger
    private let clock: UpstreamClock

    /// - Parameters:
    ///   - routes: asked in this order until one answers; not empty.
    ///   - timeout: a turn's time limit, including retries and all servers.
    ///   - retries: the maximum for each server.
    ///   - logger: gets a warning for each failed attempt that another one follows.
    package init(_ routes: [Route], timeout: Duration = .seconds(120), retries: Int = 2, logger: Logger) {
        self.init(routes, timeout: timeout, retries: retries, logger: logger, clock: UpstreamClock())
    }

    init(_ routes: [Route], timeout: Duration, retries: Int, logger: Logger, clock: UpstreamClock) {
        (self.routes, self.timeout, self.retries, self.logger, self.clock) = (routes, timeout, retries, logger, clock)
    }

    /// Asks one server after the other.
    ///
    /// There is no further attempt if a server refused the request, the time limit has passed, or a chunk of the answer was passed on.
    package func complete(_ prompt: Prompt, onDelta: (@Sendable (Delta) -> Void)?) async throws(ModelError) -> Completion {
        let turn = Turn(prompt: prompt, deadline: clock.now() + timeout, onDelta: onDelta)
        var failure = ModelError(.unavailable, "No upstream is configured")
        for (index, route) in routes.enumerated() {
            do {
                return try await ask(route, turn, isFirst: index == 0, isLast: index == routes.count - 1)
            } catch {
                guard error.isForRetrying, !turn.hasBegun else { throw error.code == .timedOut ? timedOut : error }
                failure = error
                if index < routes.count - 1 { logger.warning("\(error); asking the next upstream") }
            }
        }
        throw failure
    }

    /// Asks one server until it answers or another attempt is useless.
    private func ask(_ route: Route, _ turn: Turn, isFirst: Bool, isLast: Bool) async throws(ModelError) -> Completion {
        var failure: ModelError?
        for attempt in 0...retries {
            guard turn.deadline > clock.now() else { throw timedOut }
            switch route.upstream.admit(at: clock.now()) {
            case .admitted: break
            case .probe: try await probe(route.upstream, turn)
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
                    turn.prompt, model: route.model, isFirst: isFirst, remaining: { clock.now().duration(to: turn.deadline) },
                    onDelta: turn.onDelta, warn: { logger.warning("\($0)") })
                route.upstream.record(.success, at: clock.now())
                count("ok")
                return completion
            } catch let caught {
                error = caught
            }
            route.upstream.record(error.error.outcome(of: turn.prompt), at: clock.now())
            count(error.error.code.label)
            failure = error.error
            let retryAfter = error.error.code == .unavailable ? nil : error.error.retryAfter
            let pause = Backoff.pause(before: attempt, retryAfter: retryAfter, random: clock.random())
            guard error.isRetryable, attempt < retries, !turn.hasBegun, clock.now() + pause < turn.deadline,
                // There is no long wait while there is another server.
                isLast || pause <= Backoff.longest
            else { throw error.error }
            logger.warning("\(error.error); retrying")
            do { try await clock.sleep(pause) } catch { throw ModelError(.cancelled, "The request was cancelled") }
        }
        throw failure ?? timedOut
    }

    /// Says nothing of which upstream it was: whoever reads metrics need not know their addresses. The log says it.
    private func count(_ result: String) { Counter(label: Self.attempts, dimensions: [("result", result)]).increment() }

    /// The name of the metric that counts attempts.
    package static let attempts = "nanobot_upstream_attempts_total"

    private func probe(_ upstream: Upstream, _ turn: Turn) async throws(ModelError) {
        do {
            try await upstream.probe(within: clock.now().duration(to: turn.deadline))
            upstream.recordProbe(.success, at: clock.now())
        } catch {
            upstream.recordProbe(error.code == .rateLimited ? .success : error.outcome(of: turn.prompt), at: clock.now())
            guard error.code == .rateLimited else {
                throw error.code == .timedOut
                    ? ModelError(.unavailable, "The upstream \(upstream.name) does not answer", retryAfter: Upstream.retryAfter) : error
            }
        }
    }

    /// Fails if none of the servers can be reached.
    package func checkReachable() async throws(ModelError) {
        var failure = ModelError(.unavailable, "No upstream is configured")
        for route in routes {
            do throws(ModelError) {
                return try await route.upstream.checkReachable(at: clock.now())
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private var timedOut: ModelError {
        let sentence = "Request timed out after \(Int(timeout / .seconds(1)))s"
        return ModelError(.timedOut, sentence, clientMessage: sentence)
    }
}

extension ModelError {
    /// True if another attempt or server may succeed.
    fileprivate var isForRetrying: Bool {
        switch code {
        case .unavailable, .failed, .rateLimited: true
        // What the upstream lacks, others may have.
        case .refused(let status): [402, 408, 409, 424].contains(status)
        case .contextTooLong, .timedOut, .cancelled: false
        }
    }

    /// What the error says about the upstream.
    fileprivate func outcome(of prompt: Prompt) -> CircuitBreaker.Outcome {
        switch code {
        case .unavailable: .unreachable
        case .failed, .timedOut: .failure(conversation: TextKey(prompt.conversation))
        case .refused, .contextTooLong, .rateLimited: .success
        case .cancelled: .unknown
        }
    }
}
