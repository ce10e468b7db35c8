import Concurrency
import TestSupport

@testable import HTTPClient
@testable import Models

extension UpstreamModel {
    /// A model on servers at these URLs, with connections of its own and a clock on which pauses take no time.
    static func make(
        _ urls: String..., api: UpstreamAPI = .chat, key: String? = nil, model: String? = "m", timeout: Duration = .seconds(300),
        connectTimeout: Duration = .seconds(10), takesNames: Bool = true, takesUnknown: Bool = false, retries: Int = 0,
        log lines: Log<LogLine> = Log(),
        clock: UpstreamClock = TestClock().clock
    ) throws -> UpstreamModel {
        let engine = TransferEngine()
        let routes = try urls.map { url in
            Route(
                Upstream(
                    Upstream.Settings(
                        address: try address(url), api: api, key: key, model: model, connectTimeout: connectTimeout,
                        takesNames: takesNames, takesUnknown: takesUnknown), engine: engine))
        }
        return UpstreamModel(routes, timeout: timeout, retries: retries, logger: .test(lines), clock: clock)
    }

    static func address(_ url: String) throws -> UpstreamAddress {
        guard let address = UpstreamAddress(url) else { throw Peer.Failed(description: "\(url) is no address") }
        return address
    }

    func answer(_ message: String = "Hi", onDelta: (@Sendable (Delta) -> Void)? = nil) async throws -> Completion {
        try await complete(.make(message: message), onDelta: onDelta)
    }

    /// The error for a prompt; throws if there is an answer.
    func failure(_ message: String = "Hi", onDelta: (@Sendable (Delta) -> Void)? = nil) async throws -> ModelError {
        do {
            throw Peer.Failed(description: "There was an answer: \(try await complete(.make(message: message), onDelta: onDelta))")
        } catch let error as ModelError {
            return error
        }
    }
}

/// A clock on which pauses take no time and are recorded.
final class TestClock: Sendable {
    private let state = Mutex<(skipped: Duration, pauses: [Duration])>((.zero, []))

    var pauses: [Duration] { state.withLock(\.pauses) }

    func advance(by duration: Duration) { state.withLock { $0.skipped += duration } }

    var clock: UpstreamClock {
        UpstreamClock(
            now: { .now + self.state.withLock(\.skipped) },
            sleep: { pause in
                self.state.withLock { state in
                    state.skipped += pause
                    state.pauses.append(pause)
                }
            }, random: { 1 })
    }
}
